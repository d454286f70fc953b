from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete

from rlchassis.api import Environments, OffPolicyTrainer, UnsupportedSpaceError, UsageError, World
from rlchassis.config import resolve_sampling
from rlchassis.experiment import Experiment, load_policy, plan
from rlchassis_discrete_sac import DiscreteSACAgentFactory, DiscreteSACExperimentBuilder, DiscreteSACParams
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Chain, Counter, Still
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import ActionCriticFactoryDefault, ActionCriticFactoryReuseActor, ActorFactory, Categorical

GAMMA = 0.5


def small(builder: DiscreteSACExperimentBuilder, **params: Any) -> DiscreteSACExperimentBuilder:
    builder.with_sac_params(DiscreteSACParams(**params)).with_actor_factory_default((16,))
    return builder.with_common_critic_factory_default((16,), torch.nn.Tanh)


def run(env: Any = "CartPole-v1", params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(DiscreteSACExperimentBuilder, env, configure=partial(small, **(params or {})), **{"num_test_envs": 0, **settings})


def values_of(env: Any, states: Any, *, prioritized: bool = False, **params: Any) -> torch.Tensor:
    """What the better action is worth in each state to the first critic, where entropy is worth nothing, after a thousand rounds."""
    fixed = {"alpha": 0.0, "gamma": GAMMA, "critic_lr": 0.01, "tau": 0.05, **params}
    sampling = {"step_per_epoch": 1000, "num_epochs": 1, "num_train_envs": 3, "replay_buffer_prioritized": prioritized}
    algorithm: Any = run(env, fixed, **sampling).algorithm
    return algorithm.critics(torch.as_tensor(states, dtype=torch.float32)).detach()[0].amax(-1)


def test_where_every_episode_is_cut_a_still_state_is_worth_what_it_would_pay_for_ever():
    assert values_of(partial(Still, 3, cut=True), [[1.0]]).tolist() == pytest.approx([2], abs=0.05)


@pytest.mark.learning
def test_where_every_step_ends_the_episode_it_is_worth_one_reward():
    assert values_of(partial(Still, 1), [[1.0]]).tolist() == pytest.approx([1], abs=0.05)


def test_randomness_is_worth_its_temperature():
    worth = values_of(partial(Still, 3, cut=True), [[1.0]], alpha=0.5)
    assert worth.tolist() == pytest.approx([1 + GAMMA * (1 + 0.5 * np.log(2)) / (1 - GAMMA) + GAMMA * 0], abs=0.4)
    assert worth.item() > 2.15


OTHERS = [{"n_step": 3}, {"prioritized": True}]


@pytest.mark.parametrize("settings", [{}, *(pytest.param(each, marks=pytest.mark.learning) for each in OTHERS)], ids=str)
def test_a_chain_that_ends_is_worth_what_is_still_to_come(settings):
    values = values_of(Chain, torch.eye(4)[:3], **settings)
    assert values.tolist() == pytest.approx([1 + GAMMA * 2 + GAMMA**2 * 4, 2 + GAMMA * 4, 4], abs=0.2)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_testing_changes_nothing_that_is_learned():
    tested = run(num_test_envs=1, num_test_episodes=2, params={"deterministic_eval": False})
    assert fingerprint(tested.policy) == fingerprint(run().policy)


def test_prioritized_replay_learns_something_else():
    plain, prioritized = (fingerprint(run(params={"n_step": 3}, replay_buffer_prioritized=flag).policy) for flag in (False, True))
    assert plain != prioritized


def test_continuous_actions_are_refused_in_one_sentence_before_the_first_step():
    with pytest.raises(
        UnsupportedSpaceError, match=r"^discrete-sac does not support actions of Box; it takes Discrete, .*\. Choose another"
    ):
        run("Pendulum-v1")
    box = Box(-1, 1, (2,), np.float32)
    with pytest.raises(UnsupportedSpaceError, match=r"^discrete SAC needs discrete actions, got Box.*; choose an algorithm for continuous"):
        DiscreteSACAgentFactory().create_policy(Environments.from_spaces(box, box), torch.device("cpu"))


@pytest.mark.parametrize("critics", [(), (ActionCriticFactoryDefault(),), (ActionCriticFactoryDefault(), "mlp")])
def test_critics_are_two(critics):
    with pytest.raises(UsageError, match=r"^critic_factories must be a tuple of two ActionCriticFactory"):
        DiscreteSACAgentFactory(critic_factories=critics)


def test_one_critic_can_be_described_apart_from_the_other():
    builder = DiscreteSACExperimentBuilder("CartPole-v1").with_common_critic_factory_default((8,))
    agent = builder.with_critic2_factory_default((9,)).with_critic1_factory_use_actor().build().agent_factory
    assert agent.critic_factories == (ActionCriticFactoryReuseActor(), ActionCriticFactoryDefault((9,)))


def test_both_critics_may_share_the_actors_features():
    def configure(builder: DiscreteSACExperimentBuilder) -> DiscreteSACExperimentBuilder:
        return builder.with_actor_factory_default((7,)).with_common_critic_factory_use_actor()

    algorithm: Any = tiny_run(DiscreteSACExperimentBuilder, "CartPole-v1", configure=configure, num_test_envs=0).algorithm
    assert algorithm.critics.encoder is algorithm.policy.actor.features


def test_hidden_sizes_and_activation_reach_the_networks():
    builder = DiscreteSACExperimentBuilder(
        "CartPole-v1", tiny_config(Path(), persistence_enabled=False), tiny_sampling(repeat_per_collect=None)
    )
    builder.with_actor_factory_default((7, 5), torch.nn.Tanh).with_common_critic_factory_default((6,), torch.nn.ELU)
    algorithm: Any = builder.build().create_experiment_world().algorithm
    assert [tuple(p.shape) for p in algorithm.policy.parameters() if p.dim() == 2] == [(7, 4), (5, 7), (2, 5)]
    assert repr(algorithm.policy).count("Tanh") == 2
    assert [tuple(p.shape) for p in algorithm.critics.parameters() if p.shape[1] > 1] == [(2, 4, 6), (2, 6, 2)]
    assert repr(algorithm.critics).count("ELU") == 1


class Even(torch.nn.Module):
    """Ends in a distribution, as every actor does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, obs):
        return Categorical(self.layer(obs))


class EvenFactory(ActorFactory):
    def create_module(self, envs, device):
        return Even().to(device)


def test_an_actor_and_critics_of_ones_own_are_learned():
    def configure(builder: DiscreteSACExperimentBuilder) -> DiscreteSACExperimentBuilder:
        return builder.with_actor_factory(EvenFactory()).with_common_critic_factory(ActionCriticFactoryDefault((8,)))

    world = tiny_run(DiscreteSACExperimentBuilder, "CartPole-v1", configure=configure, num_test_envs=0)
    assert isinstance(world.algorithm.policy.actor, Even)
    assert world.state.info().updates == 84


def test_an_observation_of_several_parts_is_learned_from():
    assert run(partial(Counter, 3, as_dict=True)).state.info().updates == 84


@pytest.mark.parametrize(
    ("env", "steps"), [("CartPole-v1", 50_000), ("Acrobot-v1", 50_000), ("FrozenLake-v1", 30_000), ("LunarLander-v3", 200_000)]
)
def test_a_recipe_is_a_run_that_off_policy_training_accepts(env, steps):
    experiment = plan("discrete-sac", env)
    sampling = resolve_sampling(experiment.sampling_config, dict(DiscreteSACAgentFactory.default_sampling))
    OffPolicyTrainer.check_sampling(sampling)
    assert sampling.total_steps == steps
    assert experiment.agent_factory.params != DiscreteSACParams()


def test_a_stored_run_comes_back_and_acts_as_its_policy(tmp_path):
    builder = DiscreteSACExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(repeat_per_collect=None))
    experiment = small(builder, n_step=2, alpha=0.1).build()
    world = experiment.run("first").world
    assert Experiment.from_directory(world.directory, restore_policy=False) == experiment
    assert load_policy(world.directory)([0.0, 0.1, 0.0, -0.1]) in Discrete(2)
