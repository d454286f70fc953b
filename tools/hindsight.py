"""Trains with and without hindsight replay, three seeds each, and prints success rates: `nox -s hindsight`.

usage: python -m tools.hindsight [TASK...]; tasks: bits (DQN flips 12 bits), reach (DDPG moves a point to a goal)
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from rlchassis.experiment import DDPGExperimentBuilder, DDPGParams, DQNExperimentBuilder, DQNParams, ExperimentConfig, SamplingConfig
from rlchassis_her import BufferFactoryHER
from rlchassis_her.tasks import BitFlip, PointReach

SEEDS = (1, 2, 3)
SAMPLING: dict[str, Any] = {
    "num_epochs": 10, "num_train_envs": 4, "num_test_envs": 4, "num_test_episodes": 100, "buffer_size": 100_000, "start_timesteps": 1000,
    "step_per_collect": 4, "update_per_step": 0.5,
}  # fmt: skip


def bits(config: ExperimentConfig) -> Any:
    """DQN on 12 bits."""
    sampling = SamplingConfig(**SAMPLING, step_per_epoch=2000, batch_size=128)
    return DQNExperimentBuilder(BitFlip, config, sampling).with_dqn_params(DQNParams(gamma=0.95, eps_training=0.2))


def reach(config: ExperimentConfig) -> Any:
    """DDPG on a point with inertia."""
    sampling = SamplingConfig(**SAMPLING, step_per_epoch=1000, batch_size=256, start_timesteps_random=True)
    return DDPGExperimentBuilder(PointReach, config, sampling).with_ddpg_params(DDPGParams(gamma=0.95))


TASKS: dict[str, Callable[[ExperimentConfig], Any]] = {"bits": bits, "reach": reach}


def main(*names: str) -> None:
    """Run these tasks, or all."""
    if unknown := set(names) - set(TASKS):
        sys.exit(f"There is no task {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}.")
    logging.disable(logging.WARNING)
    for name in names or TASKS:
        for arm, with_hindsight in (("with hindsight", True), ("without", False)):
            for seed in SEEDS:
                print(f"{name}, {arm}, seed {seed}: {success(TASKS[name], seed, with_hindsight=with_hindsight)}", flush=True)


def success(task: Callable[[ExperimentConfig], Any], seed: int, *, with_hindsight: bool) -> str:
    """Success rate of every test, and seconds."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False, num_threads=1, info_metrics=("is_success",))
    builder, began = task(config), time.perf_counter()
    if with_hindsight:
        builder.with_buffer_factory(BufferFactoryHER())
    tests = builder.build().run().world.state.tests
    rates = " ".join(f"{test.info_means['is_success']:.2f}" for test in tests)
    return f"{rates} ({time.perf_counter() - began:.0f} s)"


if __name__ == "__main__":
    main(*sys.argv[1:])
