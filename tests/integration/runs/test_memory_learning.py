"""What memory is for: tasks that are solved with it, and not without."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from rlchassis.experiment import (
    DQNExperimentBuilder,
    DQNParams,
    ExperimentConfig,
    LRSchedulerFactoryLinear,
    PPOExperimentBuilder,
    PPOParams,
    SamplingConfig,
)
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.memory_envs import TMaze, cart_pole_without_velocities
from rlchassis_toolkit import MemoryFactoryGRU

pytestmark = pytest.mark.learning
CHANCE = 0.45
"""Mean return of a policy in a T-maze that goes to the junction and chooses without regard to the cue."""
SEQUENCES = {10: 16, 20: 32, 40: 64}
"""Sequences as long as the corridor and more, so that a gradient reaches from the junction to the cue."""


def results(builder: Any, length: int, seed: int, steps: int, configure: Any, **sampling: Any) -> list[float]:
    """Mean returns of ten tests of fifty episodes each."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    settings = SamplingConfig(num_epochs=10, step_per_epoch=steps // 10, num_test_envs=10, num_test_episodes=50, **sampling)
    world = configure(builder(partial(TMaze, length), config, settings)).build().run().world
    return [test.mean for test in world.state.tests]


def ppo(length: int, seed: int, *, remembers: bool) -> list[float]:
    def configure(builder: Any) -> Any:
        builder = builder.with_ppo_params(PPOParams(lr=1e-3, ent_coef=0.02))
        return builder.with_memory(MemoryFactoryGRU(sequence_length=SEQUENCES[length])) if remembers else builder

    sampling = {"num_train_envs": 16, "step_per_collect": 2048, "repeat_per_collect": 4, "batch_size": 512}
    return results(PPOExperimentBuilder, length, seed, 12_000 * length, configure, **sampling)


def dqn(length: int, seed: int, *, remembers: bool) -> list[float]:
    def configure(builder: Any) -> Any:
        builder = builder.with_dqn_params(
            DQNParams(lr=5e-4, gamma=0.98, target_update_freq=200, eps_training=1.0, eps_training_final=0.05, eps_decay_fraction=0.5)
        )
        return builder.with_memory(MemoryFactoryGRU(sequence_length=SEQUENCES[length])) if remembers else builder

    sampling = {"num_train_envs": 8, "step_per_collect": 16, "batch_size": 256, "update_per_step": 0.125, "buffer_size": 50_000}
    return results(DQNExperimentBuilder, length, seed, 4_000 * length, configure, start_timesteps=1000, **sampling)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("length", SEQUENCES)
@pytest.mark.parametrize("algorithm", [ppo, dqn])
def test_a_t_maze_is_solved_with_memory(algorithm, length, seed):
    assert max(algorithm(length, seed, remembers=True)) >= 0.99


@pytest.mark.parametrize("algorithm", [ppo, dqn])
def test_a_t_maze_is_not_solved_without_memory(algorithm):
    assert max(algorithm(10, 1, remembers=False)) < CHANCE + 0.25


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_pole_is_balanced_without_velocities(seed):
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    sampling = SamplingConfig(
        num_epochs=10, step_per_epoch=15_000, num_train_envs=16, num_test_envs=10, num_test_episodes=20,
        step_per_collect=2048, repeat_per_collect=8, batch_size=256,
    )  # fmt: skip
    params = PPOParams(lr=1e-3, gamma=0.98, gae_lambda=0.9, lr_scheduler_factory=LRSchedulerFactoryLinear())
    builder = PPOExperimentBuilder(cart_pole_without_velocities, config, sampling).with_ppo_params(params)
    builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()).with_memory(MemoryFactoryGRU())
    assert max(test.mean for test in builder.build().run().world.state.tests) >= 475
