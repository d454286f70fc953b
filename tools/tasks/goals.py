"""Goal tasks that are solved with hindsight replay, and not without: DQN flips 12 bits, DDPG moves a point with inertia."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import DDPGExperimentBuilder, DDPGParams, DQNExperimentBuilder, DQNParams
from rlchassis_her import BufferFactoryHER
from rlchassis_her.tasks import BitFlip, PointReach
from tools.tasks.task import Task, scores_of

SAMPLING: dict[str, Any] = {
    "num_epochs": 10, "num_train_envs": 4, "num_test_envs": 4, "num_test_episodes": 100, "buffer_size": 100_000, "start_timesteps": 1000,
    "step_per_collect": 4, "update_per_step": 0.5,
}  # fmt: skip


def bits(in_hindsight: bool, seed: int) -> list[float]:
    """Success rates of DQN on 12 bits."""

    def configure(builder: Any) -> Any:
        return _with_buffer(builder.with_dqn_params(DQNParams(gamma=0.95, eps_training=0.2)), in_hindsight)

    settings = {**SAMPLING, "step_per_epoch": 2000, "batch_size": 128}
    return scores_of(DQNExperimentBuilder, BitFlip, seed, configure, settings, "is_success")


def reach(in_hindsight: bool, seed: int) -> list[float]:
    """Success rates of DDPG on a point."""

    def configure(builder: Any) -> Any:
        return _with_buffer(builder.with_ddpg_params(DDPGParams(gamma=0.95)), in_hindsight)

    settings = {**SAMPLING, "step_per_epoch": 1000, "batch_size": 256, "start_timesteps_random": True}
    return scores_of(DDPGExperimentBuilder, PointReach, seed, configure, settings, "is_success")


def _with_buffer(builder: Any, in_hindsight: bool) -> Any:
    return builder.with_buffer_factory(BufferFactoryHER()) if in_hindsight else builder


TASKS: dict[str, Task] = {}
for name, run in (("bits-dqn", bits), ("reach-ddpg", reach)):
    TASKS[f"goals-{name}"] = Task(partial(run, True), 0.9, "success rates")
    TASKS[f"goals-{name}-without"] = Task(partial(run, False), 0.9, "success rates without hindsight", solvable=False)
