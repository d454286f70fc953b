"""Tasks that are solved with a memory, and not without: T-mazes, a pole and a pendulum without velocities."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import (
    DQNExperimentBuilder,
    DQNParams,
    LRSchedulerFactoryLinear,
    PPOExperimentBuilder,
    PPOParams,
    SACExperimentBuilder,
)
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.memory_envs import TMaze, cart_pole_without_velocities, pendulum_without_velocity
from rlchassis_toolkit import MemoryFactoryGRU
from tools.tasks.task import Task, scores_of

SEQUENCES = {10: 16, 20: 32, 40: 64}
"""Sequences as long as the corridor and more, so that a gradient reaches from the junction to the cue."""
TESTS: dict[str, Any] = {"num_epochs": 10, "num_test_envs": 10, "num_test_episodes": 50}


def maze_by_ppo(length: int, remembers: bool, seed: int) -> list[float]:
    """PPO in a T-maze."""

    def configure(builder: Any) -> Any:
        builder = builder.with_ppo_params(PPOParams(lr=1e-3, ent_coef=0.02))
        return builder.with_memory(MemoryFactoryGRU(sequence_length=SEQUENCES[length])) if remembers else builder

    rollouts = {"num_train_envs": 16, "step_per_collect": 2048, "repeat_per_collect": 4, "batch_size": 512}
    settings = {"step_per_epoch": 1200 * length, **rollouts, **TESTS}
    return scores_of(PPOExperimentBuilder, partial(TMaze, length), seed, configure, settings)


def maze_by_dqn(length: int, remembers: bool, seed: int) -> list[float]:
    """DQN in a T-maze."""

    def configure(builder: Any) -> Any:
        params = DQNParams(lr=5e-4, gamma=0.98, target_update_freq=200, eps_training=1.0, eps_training_final=0.05, eps_decay_fraction=0.5)
        builder = builder.with_dqn_params(params)
        return builder.with_memory(MemoryFactoryGRU(sequence_length=SEQUENCES[length])) if remembers else builder

    replay = {"batch_size": 16 * SEQUENCES[length], "buffer_size": 50_000, "start_timesteps": 1000}
    collected = {"num_train_envs": 8, "step_per_epoch": 400 * length, "step_per_collect": 16, "update_per_step": 0.125}
    settings = {**collected, **replay, **TESTS}
    return scores_of(DQNExperimentBuilder, partial(TMaze, length), seed, configure, settings)


def pole(remembers: bool, seed: int) -> list[float]:
    """PPO on CartPole without velocities."""

    def configure(builder: Any) -> Any:
        params = PPOParams(lr=1e-3, gamma=0.98, gae_lambda=0.9, lr_scheduler_factory=LRSchedulerFactoryLinear())
        builder = builder.with_ppo_params(params).with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm())
        return builder.with_memory(MemoryFactoryGRU()) if remembers else builder

    settings = {"step_per_epoch": 15_000, "num_train_envs": 16, "step_per_collect": 2048, "repeat_per_collect": 8, "batch_size": 256}
    return scores_of(PPOExperimentBuilder, cart_pole_without_velocities, seed, configure, {**settings, **TESTS})


def pendulum(remembers: bool, seed: int) -> list[float]:
    """SAC on Pendulum without its velocity."""

    def configure(builder: Any) -> Any:
        return builder.with_memory(MemoryFactoryGRU(sequence_length=8)) if remembers else builder

    replay = {"step_per_collect": 4, "update_per_step": 0.5, "batch_size": 256, "start_timesteps": 1000, "start_timesteps_random": True}
    settings = {"num_train_envs": 4, "step_per_epoch": 2000, "buffer_size": 20_000, **replay, **TESTS}
    return scores_of(SACExperimentBuilder, pendulum_without_velocity, seed, configure, settings)


CHANCE = "without a memory the mean return is at most 0.45"
TASKS: dict[str, Task] = {}
for length in SEQUENCES:
    for algorithm, run in (("ppo", maze_by_ppo), ("dqn", maze_by_dqn)):
        TASKS[f"maze-{length}-{algorithm}"] = Task(partial(run, length, True), 0.95, CHANCE)
        TASKS[f"maze-{length}-{algorithm}-without"] = Task(partial(run, length, False), 0.95, CHANCE, solvable=False)
TASKS["pole-ppo"] = Task(partial(pole, True), 475)
TASKS["pole-ppo-without"] = Task(partial(pole, False), 475, solvable=False)
TASKS["pendulum-sac"] = Task(partial(pendulum, True), -200)
TASKS["pendulum-sac-without"] = Task(partial(pendulum, False), -200, solvable=False)
