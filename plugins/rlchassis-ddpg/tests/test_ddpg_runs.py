from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis.api import OffPolicyTrainer, UnsupportedSpaceError, World
from rlchassis.config import resolve_sampling
from rlchassis.experiment import Experiment, load_policy, plan
from rlchassis_ddpg import DDPGAgentFactory, DDPGExperimentBuilder, DDPGParams
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Receiver, in_parts
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import (
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    DeterministicActorFactoryDefault,
    NoiseFactoryMaxActionScaledGaussian,
    NoiseFactoryOrnsteinUhlenbeck,
)

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])
GAMMA = 0.5


def small(builder: DDPGExperimentBuilder, **params: Any) -> DDPGExperimentBuilder:
    builder.with_ddpg_params(DDPGParams(**params)).with_actor_factory_default((16,))
    return builder.with_critic_factory_default((16,))


def run(env: Any = PUSHED, params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(DDPGExperimentBuilder, env, configure=partial(small, **(params or {})), **settings)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed, step_per_epoch=24).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_ddpg_learns_the_best_action_and_its_value_where_every_episode_is_truncated():
    params = {"gamma": GAMMA, "actor_lr": 0.01, "critic_lr": 0.01, "tau": 0.05}
    settings = {"num_epochs": 1, "step_per_epoch": 700, "step_per_collect": 1, "batch_size": 64, "num_train_envs": 1, "num_test_envs": 0}
    algorithm: Any = run(params=params, **settings).algorithm
    obs = torch.zeros(1, 1)
    best = algorithm.policy.act(obs, explore=False, rng=torch.Generator())[0]
    assert (best > 0.9).all()
    assert algorithm.critic(obs, torch.ones(1, 2)).item() == pytest.approx(6 / (1 - GAMMA), rel=0.1)


def test_testing_changes_nothing_that_is_learned():
    tested, plain = (fingerprint(run(step_per_epoch=24, num_test_envs=number).policy) for number in (1, 0))
    assert tested == plain


def test_an_observation_of_several_parts_is_learned_from():
    assert run(lambda: in_parts(PUSHED()), step_per_epoch=24).state.info().updates == 48 - 12


def test_noise_that_fades_has_faded_by_half_when_half_of_the_steps_are_done():
    noise = NoiseFactoryMaxActionScaledGaussian(0.3, final_fraction=0.0)
    world = run(params={"exploration_noise": noise}, num_epochs=1, step_per_epoch=24, step_per_collect=12, num_test_envs=0)
    with torch.no_grad():
        disturbed, chosen = (
            world.policy.act(torch.zeros(1000, 1), explore=explore, rng=torch.Generator().manual_seed(0))[0] for explore in (True, False)
        )
    assert (disturbed - chosen).std().item() == pytest.approx(0.15, rel=0.1)


def test_prioritized_replay_learns_something_else():
    settings = {"params": {"n_step": 3}, "step_per_epoch": 24}
    plain, prioritized = (fingerprint(run(**settings, replay_buffer_prioritized=flag).policy) for flag in (False, True))
    assert plain != prioritized


def test_exploration_noise_changes_the_experience():
    noises = ({}, {"exploration_noise": None}, {"exploration_noise": NoiseFactoryOrnsteinUhlenbeck()})
    assert len({fingerprint(run(params=params, step_per_epoch=24).policy) for params in noises}) == 3


def test_discrete_actions_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedSpaceError, match="ddpg does not support actions of Discrete; it takes Box"):
        run("CartPole-v1")


def test_networks_are_those_configured_in_the_builder():
    builder = DDPGExperimentBuilder("Pendulum-v1").with_critic_factory_default((9,), torch.nn.Tanh)
    agent = builder.with_actor_factory_default((7,), torch.nn.Tanh).build().agent_factory
    assert agent.critic_factory == ActionCriticFactoryDefault((9,), torch.nn.Tanh)
    assert agent.actor_factory == DeterministicActorFactoryDefault((7,), torch.nn.Tanh)
    actor, critic = DeterministicActorFactoryDefault((5,)), ActionCriticFactoryDefault((6,))
    agent = builder.with_critic_factory(critic).with_actor_factory(actor).build().agent_factory
    assert agent.critic_factory is critic
    assert agent.actor_factory is actor
    assert builder.with_critic_factory_use_actor().build().agent_factory.critic_factory == ActionCriticFactoryReuseActor()


def test_ddpg_trains_where_the_critic_shares_the_actors_features():
    world = tiny_run(
        DDPGExperimentBuilder, PUSHED, configure=lambda builder: small(builder).with_critic_factory_use_actor(), step_per_epoch=24
    )
    assert world.state.info().updates == 48 - 12


@pytest.mark.parametrize(
    ("env", "steps"),
    [("Pendulum-v1", 20_000), ("MountainCarContinuous-v0", 30_000), ("InvertedPendulum-v5", 20_000), ("HalfCheetah-v5", 75_000)],
)
def test_a_recipe_is_a_run_that_off_policy_training_accepts(env, steps):
    experiment = plan("ddpg", env)
    sampling = resolve_sampling(experiment.sampling_config, dict(DDPGAgentFactory.default_sampling))
    OffPolicyTrainer.check_sampling(sampling)
    assert sampling.total_steps == steps
    assert 1 <= sampling.start_timesteps < steps


@pytest.mark.parametrize("noise", [None, NoiseFactoryOrnsteinUhlenbeck(sigma=0.3)])
def test_a_stored_run_comes_back_and_acts_as_its_policy(noise, tmp_path):
    builder = DDPGExperimentBuilder("Pendulum-v1", tiny_config(tmp_path), tiny_sampling(num_epochs=1, repeat_per_collect=None))
    experiment = small(builder, exploration_noise=noise).build()
    world = experiment.run("first").world
    assert Experiment.from_directory(world.directory, restore_policy=False) == experiment
    obs = torch.tensor([[0.6, 0.8, 1.0]])
    action = load_policy(world.directory)(obs[0].numpy())
    assert action == pytest.approx(2 * world.policy.act(obs, explore=False, rng=torch.Generator())[0][0].detach().numpy())
