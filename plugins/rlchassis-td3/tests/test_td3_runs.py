from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis.api import OffPolicyTrainer, UnsupportedSpaceError, UsageError, World
from rlchassis.config import resolve_sampling
from rlchassis.experiment import Experiment, load_policy, plan
from rlchassis_td3 import TD3AgentFactory, TD3ExperimentBuilder, TD3Params
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Receiver, in_parts
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import (
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    DeterministicActorFactoryDefault,
    NoiseFactoryOrnsteinUhlenbeck,
)

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])
GAMMA = 0.5


def small(builder: TD3ExperimentBuilder, **params: Any) -> TD3ExperimentBuilder:
    builder.with_td3_params(TD3Params(**params)).with_actor_factory_default((16,))
    return builder.with_common_critic_factory_default((16,))


def run(env: Any = PUSHED, params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(TD3ExperimentBuilder, env, configure=partial(small, **(params or {})), **settings)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed, step_per_epoch=24).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_td3_learns_the_best_action_and_its_value_where_every_episode_is_truncated():
    params = {"gamma": GAMMA, "actor_lr": 0.01, "critic_lr": 0.01, "tau": 0.05}
    settings = {"num_epochs": 1, "step_per_epoch": 700, "step_per_collect": 1, "batch_size": 64, "num_train_envs": 1, "num_test_envs": 0}
    algorithm: Any = run(params=params, **settings).algorithm
    obs = torch.zeros(1, 1)
    best = algorithm.policy.act(obs, explore=False, rng=torch.Generator())[0]
    assert (best > 0.9).all()
    assert algorithm.critics(obs, torch.ones(1, 2))[:, 0].tolist() == pytest.approx([6 / (1 - GAMMA)] * 2, rel=0.1)


def test_testing_changes_nothing_that_is_learned():
    tested, plain = (fingerprint(run(step_per_epoch=24, num_test_envs=number).policy) for number in (1, 0))
    assert tested == plain


def test_an_observation_of_several_parts_is_learned_from():
    assert run(lambda: in_parts(PUSHED()), step_per_epoch=24).state.info().updates == 48 - 12


def test_prioritized_replay_learns_something_else():
    settings = {"params": {"n_step": 3}, "step_per_epoch": 24}
    plain, prioritized = (fingerprint(run(**settings, replay_buffer_prioritized=flag).policy) for flag in (False, True))
    assert plain != prioritized


def test_exploration_noise_changes_the_experience():
    noises = ({}, {"exploration_noise": None}, {"exploration_noise": NoiseFactoryOrnsteinUhlenbeck()})
    assert len({fingerprint(run(params=params, step_per_epoch=24).policy) for params in noises}) == 3


def test_discrete_actions_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedSpaceError, match="td3 does not support actions of Discrete; it takes Box"):
        run("CartPole-v1")


@pytest.mark.parametrize("critics", [(), (ActionCriticFactoryDefault(),), (ActionCriticFactoryDefault(), "mlp")])
def test_critics_are_two(critics):
    with pytest.raises(UsageError, match=r"^critic_factories must be a tuple of two ActionCriticFactory"):
        TD3AgentFactory(critic_factories=critics)


def test_networks_can_be_described_one_by_one():
    builder = TD3ExperimentBuilder("Pendulum-v1").with_common_critic_factory_default((8,))
    builder.with_critic2_factory_default((9,), torch.nn.Tanh).with_critic1_factory_use_actor()
    agent = builder.with_actor_factory_default((7,), torch.nn.Tanh).build().agent_factory
    assert agent.critic_factories == (ActionCriticFactoryReuseActor(), ActionCriticFactoryDefault((9,), torch.nn.Tanh))
    assert agent.actor_factory == DeterministicActorFactoryDefault((7,), torch.nn.Tanh)
    own = DeterministicActorFactoryDefault((5,))
    agent = builder.with_common_critic_factory_use_actor().with_actor_factory(own).build().agent_factory
    assert agent.critic_factories == (ActionCriticFactoryReuseActor(),) * 2
    assert agent.actor_factory is own


@pytest.mark.parametrize(
    "configure", [TD3ExperimentBuilder.with_common_critic_factory_use_actor, TD3ExperimentBuilder.with_critic1_factory_use_actor]
)
def test_td3_trains_where_critics_share_the_actors_features(configure):
    world = tiny_run(TD3ExperimentBuilder, PUSHED, configure=lambda builder: configure(small(builder)), step_per_epoch=24)
    assert world.state.info().updates == 48 - 12


@pytest.mark.parametrize(
    ("env", "steps"),
    [("Pendulum-v1", 20_000), ("MountainCarContinuous-v0", 50_000), ("InvertedPendulum-v5", 30_000), ("HalfCheetah-v5", 60_000)],
)
def test_a_recipe_is_a_run_that_off_policy_training_accepts(env, steps):
    experiment = plan("td3", env)
    sampling = resolve_sampling(experiment.sampling_config, dict(TD3AgentFactory.default_sampling))
    OffPolicyTrainer.check_sampling(sampling)
    assert sampling.total_steps == steps
    assert 1 <= sampling.start_timesteps < steps


@pytest.mark.parametrize("noise", [None, NoiseFactoryOrnsteinUhlenbeck(sigma=0.3)])
def test_a_stored_run_comes_back_and_acts_as_its_policy(noise, tmp_path):
    builder = TD3ExperimentBuilder("Pendulum-v1", tiny_config(tmp_path), tiny_sampling(num_epochs=1, repeat_per_collect=None))
    experiment = small(builder, exploration_noise=noise, update_actor_freq=1).build()
    world = experiment.run("first").world
    assert Experiment.from_directory(world.directory, restore_policy=False) == experiment
    obs = torch.tensor([[0.6, 0.8, 1.0]])
    action = load_policy(world.directory)(obs[0].numpy())
    assert action == pytest.approx(2 * world.policy.act(obs, explore=False, rng=torch.Generator())[0][0].detach().numpy())
