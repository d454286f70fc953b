"""Structured actions and observations through whole runs: stored as rows, chosen as one where values of actions are learned."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple

import rlchassis
from rlchassis import experiment
from rlchassis.errors import UnsupportedSpaceError
from rlchassis.experiment import (
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    ExperimentConfig,
    IQNExperimentBuilder,
    PPOExperimentBuilder,
    PPOParams,
    SamplingConfig,
)
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.declared_spaces import Rows
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.target_envs import Gripper
from rlchassis_testkit.tiny_runs import tiny_run, weights_of
from rlchassis_toolkit import MemoryFactoryGRU

VECTOR = Box(-1.0, 1.0, (2,))
PARTS = Tuple([Discrete(2, start=5), MultiDiscrete([3, 2], start=[-1, 0])])
VALUE_BASED = [DQNExperimentBuilder, IQNExperimentBuilder, DiscreteSACExperimentBuilder]
WARM = {"start_timesteps": 24, "start_timesteps_random": True, "update_per_step": 0.25, "buffer_size": 200}


@pytest.mark.parametrize("builder", VALUE_BASED)
def test_parts_are_chosen_as_one_in_warm_up_exploration_and_tests(builder, caplog):
    caplog.set_level(logging.INFO)
    world = tiny_run(builder, partial(AnySpaces, VECTOR, PARTS), num_test_episodes=2, **WARM)
    stored = world.buffer.sample(64, 1, torch.Generator()).window.actions
    assert stored.dtype == torch.int64
    assert stored.shape == (1, 64)
    assert 0 <= stored.min() <= stored.max() < 12
    assert len(stored.unique()) > 4
    assert caplog.messages.count("Actions of several parts are chosen as one: 2 × 3 × 2 = 12 joint actions.") == 1
    assert world.state.updates > 0


@pytest.mark.parametrize("builder", VALUE_BASED)
def test_masks_of_parts_hold_for_parts_that_are_chosen_as_one(builder):
    mistakes: list[Any] = []
    env = partial(Forbidding, action_space=MultiDiscrete([3, 2, 2], start=[1, 0, -1]), mistakes=mistakes)
    world = tiny_run(builder, env, num_epochs=2, step_per_epoch=200, **WARM)
    assert world.state.updates > 0
    assert mistakes == []


@pytest.mark.parametrize("builder", VALUE_BASED)
def test_a_stored_policy_of_joint_actions_answers_actions_of_the_space(builder, tmp_path):
    settings = {"persistence_enabled": True, "persistence_base_dir": str(tmp_path)}
    tiny_run(builder, partial(AnySpaces, VECTOR, PARTS), name="run", **settings, **WARM)
    policy = rlchassis.load_policy(tmp_path / "run")
    assert PARTS.contains(policy(np.zeros(2, np.float32)))
    assert policy(np.zeros((4, 2), np.float32))[1].shape == (4, 2)


@pytest.mark.parametrize("builder", VALUE_BASED)
def test_too_many_joint_actions_are_refused_before_the_first_step(builder):
    env = AnySpaces(VECTOR, MultiDiscrete([20, 20, 20]))
    with pytest.raises(UnsupportedSpaceError, match="20 × 20 × 20 = 8000 joint actions, more than 4096; choose an algorithm that has a"):
        tiny_run(builder, lambda: env, num_train_envs=1, num_test_envs=0)
    assert env.episode == 0


@pytest.mark.parametrize(
    ("algorithm", "actions", "said"),
    [
        ("SAC", MultiDiscrete([2, 2]), "sac does not support actions of MultiDiscrete; it takes Box"),
        ("TD3", Dict(a=VECTOR), "td3 does not support actions of Dict; it takes Box"),
        ("DQN", Dict(a=VECTOR, b=Discrete(2)), "dqn does not support actions of Box; it takes Discrete, MultiBinary, MultiDiscrete, Dict"),
    ],
)
def test_an_algorithm_says_which_part_of_an_action_it_does_not_take(algorithm, actions, said):
    with pytest.raises(UnsupportedSpaceError, match=said):
        tiny_run(getattr(experiment, f"{algorithm}ExperimentBuilder"), partial(AnySpaces, VECTOR, actions))


@pytest.mark.parametrize("mixed", [False, True])
def test_rows_of_several_parts_are_stored_as_the_policy_chose_them(mixed):
    space = Tuple([PARTS, Box(0.0, 8.0, (2,), np.float64)]) if mixed else PARTS
    world = tiny_run(PPOExperimentBuilder, partial(AnySpaces, VECTOR, space))
    obs = torch.zeros(500, 2)
    actions, _ = world.policy.act(obs, explore=True, rng=torch.Generator().manual_seed(0))
    assert actions.dtype == (torch.float32 if mixed else torch.int64)
    assert [len(column.unique()) for column in actions[:, :3].T] == [2, 3, 2]
    assert world.policy.log_prob(obs, actions).exp().sum() > 0


def test_a_policy_with_memory_chooses_and_learns_actions_of_several_parts():
    env = partial(AnySpaces, Tuple([VECTOR, Discrete(3)]), Tuple([PARTS, Box(0.0, 8.0, (2,))]))
    plain, trained = (tiny_run(PPOExperimentBuilder, env, configure=with_memory, num_epochs=epochs) for epochs in (1, 2))
    assert trained.state.updates > plain.state.updates > 0
    assert weights_of(trained.policy).isfinite().all()
    assert not torch.equal(weights_of(plain.policy), weights_of(trained.policy))


def with_memory(builder):
    return builder.with_memory(MemoryFactoryGRU(sequence_length=8))


@pytest.mark.compiled
def test_a_compiled_run_of_several_parts_learns_the_same_up_to_rounding():
    env = partial(AnySpaces, VECTOR, Tuple([PARTS, Box(0.0, 8.0, (2,))]))
    plain, compiled = (tiny_run(PPOExperimentBuilder, env, configure=lambda b, on=on: b.with_compile(on)) for on in (False, True))
    assert not compiled.algorithm.graphs.given_up
    assert torch.allclose(weights_of(plain.policy), weights_of(compiled.policy), atol=1e-4)


def test_the_first_update_from_a_rollout_of_mixed_actions_sees_the_policy_that_acted():
    """Stored rows have the log-probabilities of what was sampled, continuous parts beyond their bounds included."""
    rows = Rows()
    builder = PPOExperimentBuilder(
        Gripper,
        ExperimentConfig(watch=False, persistence_enabled=False),
        SamplingConfig(num_epochs=1, step_per_epoch=640, step_per_collect=64, repeat_per_collect=1, batch_size=None, num_test_envs=0),
    )
    builder.with_ppo_params(PPOParams(lr=0.01)).build().run(observers=[rows])
    changes = [row["learn/approx_kl"] for row in rows.seen if "learn/approx_kl" in row]
    assert changes
    assert set(changes) == {0.0}
