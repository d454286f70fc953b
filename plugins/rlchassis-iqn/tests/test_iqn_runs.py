from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from rlchassis.api import Environments, OffPolicyTrainer, UnsupportedSpaceError, UsageError, World
from rlchassis.config import resolve_sampling
from rlchassis.experiment import Experiment, load_policy, plan
from rlchassis_iqn import IQNAgentFactory, IQNExperimentBuilder, IQNParams
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Chain, Counter, Still
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import IntermediateModuleFactory, IntermediateModuleFactoryDefault

GAMMA = 0.5
BOX = Box(-1, 1, (2,), np.float32)
REPLAYED = tiny_sampling(repeat_per_collect=None)


def run(env: Any = "CartPole-v1", *, configure=lambda builder: builder, **settings: Any) -> World:
    return tiny_run(IQNExperimentBuilder, env, configure=configure, **{"num_test_envs": 0, **settings})


def values_of(env: Any, states: Any, *, prioritized: bool = False, **params: Any) -> torch.Tensor:
    """What the better action is worth in each state, in the mean, after a thousand rounds."""

    def configure(builder: IQNExperimentBuilder) -> IQNExperimentBuilder:
        iqn = IQNParams(gamma=GAMMA, lr=0.01, target_update_freq=20, **params)
        return builder.with_iqn_params(iqn).with_preprocess_network_factory(IntermediateModuleFactoryDefault((16,), torch.nn.Tanh))

    sampling = {"step_per_epoch": 1000, "num_epochs": 1, "num_train_envs": 3, "replay_buffer_prioritized": prioritized}
    policy: Any = run(env, configure=configure, **sampling).algorithm.policy
    with torch.no_grad():
        return policy.values(torch.as_tensor(states, dtype=torch.float32), explore=False, rng=torch.Generator()).amax(-1)


def test_where_every_episode_is_cut_a_still_state_is_worth_what_it_would_pay_for_ever():
    assert values_of(partial(Still, 3, cut=True), [[1.0]]).tolist() == pytest.approx([2], abs=0.05)


@pytest.mark.learning
def test_where_every_step_ends_the_episode_it_is_worth_one_reward():
    assert values_of(partial(Still, 1), [[1.0]]).tolist() == pytest.approx([1], abs=0.05)


OTHERS = [{"n_step": 3}, {"prioritized": True}, {"hidden_sizes": (16,)}]


@pytest.mark.parametrize("settings", [{}, *(pytest.param(each, marks=pytest.mark.learning) for each in OTHERS)], ids=str)
def test_a_chain_that_ends_is_worth_what_is_still_to_come(settings):
    values = values_of(Chain, torch.eye(4)[:3], **settings)
    assert values.tolist() == pytest.approx([1 + GAMMA * 2 + GAMMA**2 * 4, 2 + GAMMA * 4, 4], abs=0.2)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    def weights(seed: int) -> str:
        return fingerprint(run(seed=seed).policy)

    assert weights(1) == weights(1) != weights(2)


def test_testing_changes_nothing_that_is_learned():
    assert fingerprint(run(num_test_envs=1, num_test_episodes=2).policy) == fingerprint(run().policy)


def test_priorities_change_what_is_learned():
    plain, prioritized = run(), run(replay_buffer_prioritized=True)
    assert fingerprint(plain.policy) != fingerprint(prioritized.policy)
    assert prioritized.state.info().updates == plain.state.info().updates == 96 - 12


def network_of(factory: IntermediateModuleFactory | None = None, **params: Any) -> torch.nn.Module:
    builder = IQNExperimentBuilder("CartPole-v1", tiny_config(Path(), persistence_enabled=False), REPLAYED)
    builder.with_iqn_params(IQNParams(**params))
    if factory is not None:
        builder.with_preprocess_network_factory(factory)
    made: Any = builder.build().create_experiment_world().algorithm
    network: torch.nn.Module = made.policy.network
    return network


def test_sizes_and_activation_of_the_preprocess_network_and_of_the_head_reach_the_network():
    network = network_of(IntermediateModuleFactoryDefault((7, 5), torch.nn.Tanh), num_cosines=9, hidden_sizes=(6,))
    assert [tuple(p.shape) for p in network.parameters() if p.dim() == 2] == [(7, 4), (5, 7), (5, 9), (6, 5), (2, 6)]
    assert repr(network).count("Tanh") == 2


class OneLayer(torch.nn.Linear):
    output_dim = 9

    def __init__(self) -> None:
        super().__init__(4, 9)


class OneLayerFactory(IntermediateModuleFactory):
    def create_module(self, envs, device):
        return OneLayer().to(device)


def test_any_preprocess_network_that_tells_its_width_will_do():
    network = network_of(OneLayerFactory())
    assert isinstance(network.features, OneLayer)
    assert network(torch.zeros(3, 4), torch.rand(3, 8)).shape == (3, 8, 2)


def test_continuous_actions_are_refused_in_one_sentence_before_the_first_step():
    with pytest.raises(UnsupportedSpaceError, match=r"^iqn does not support actions of Box; it takes Discrete, .*\. Choose another"):
        run("Pendulum-v1")
    with pytest.raises(UnsupportedSpaceError, match=r"^IQN needs discrete actions, got Box.*; choose an algorithm for continuous"):
        IQNAgentFactory().create_policy(Environments.from_spaces(BOX, BOX), torch.device("cpu"))


def test_a_setting_that_iqn_does_not_have_is_refused_by_its_name():
    with pytest.raises(UsageError, match="is_double"):
        plan("iqn", "CartPole-v1", settings=[{"params": {"is_double": True}}])


def test_an_observation_of_several_parts_is_learned_from():
    assert run(partial(Counter, 3, as_dict=True)).state.info().updates == 84


@pytest.mark.parametrize("num_train_envs", [1, 3, 8])
def test_rounds_and_exploration_do_not_depend_on_the_number_of_environments(num_train_envs):
    world = run(num_train_envs=num_train_envs, update_per_step=0.5)
    assert world.state.info().updates == (96 - 12) // 2
    assert world.algorithm.policy.eps_training == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("env", "steps"),
    [("CartPole-v1", 50_000), ("Acrobot-v1", 50_000), ("FrozenLake-v1", 30_000), ("MountainCar-v0", 120_000), ("LunarLander-v3", 100_000)],
)
def test_a_recipe_is_a_run_that_off_policy_training_accepts(env, steps):
    experiment = plan("iqn", env)
    sampling = resolve_sampling(experiment.sampling_config, dict(IQNAgentFactory.default_sampling))
    OffPolicyTrainer.check_sampling(sampling)
    assert sampling.total_steps == steps
    assert experiment.agent_factory.params != IQNParams()


def test_a_stored_run_comes_back_and_acts_the_same_whenever_it_is_asked(tmp_path):
    builder = IQNExperimentBuilder("CartPole-v1", tiny_config(tmp_path), REPLAYED)
    builder.with_iqn_params(IQNParams(n_step=2, hidden_sizes=(8,)))
    experiment = builder.with_preprocess_network_factory(IntermediateModuleFactoryDefault((8,))).build()
    world = experiment.run("first").world
    assert Experiment.from_directory(world.directory, restore_policy=False) == experiment
    policy, again = load_policy(world.directory), load_policy(world.directory)
    obs = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    actions = policy(obs)
    assert np.array_equal(actions, policy(obs))
    assert np.array_equal(actions, again(obs))
