"""Times rlchassis through its public builders: the training loop alone, without tests and files.

usage: python bench/ours.py ROW [compiled]
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from recipes import BUILDERS
from rows import Row, asked_row, report

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.training.callbacks import CallbackContext, EpochTrainCallback

ROUNDS_BEFORE_THE_CLOCK = 100
"""Of learning off policy, so that whatever happens once has happened."""


class Clock(EpochTrainCallback):
    """Remembers when an epoch began, in seconds of the processor."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.started = 0.0

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """See EpochTrainCallback."""
        if epoch == self.epoch:
            self.started = time.process_time()


def epoch_of(row: Row) -> int:
    """Its steps."""
    return math.gcd(row.warm_up, row.steps)


def sampling_of(row: Row) -> SamplingConfig:
    """Epochs of which a whole number is not timed, and a whole number is."""
    common: dict[str, Any] = {
        "num_epochs": (row.warm_up + row.steps) // epoch_of(row),
        "step_per_epoch": epoch_of(row),
        "num_train_envs": row.num_envs,
        "num_test_envs": 0,
        "step_per_collect": row.collect,
    }
    if row.warm_up == row.collect:
        whole = row.minibatch == row.collect
        return SamplingConfig(**common, batch_size=None if whole else row.minibatch, repeat_per_collect=row.passes)
    return SamplingConfig(
        **common,
        batch_size=row.minibatch,
        update_per_step=row.updates,
        start_timesteps=row.warm_up - ROUNDS_BEFORE_THE_CLOCK // row.updates,
        start_timesteps_random=True,
    )


def prepared(row: Row, *, compiled: bool) -> tuple[Callable[[], object], Callable[[], float]]:
    """What to run, and how to tell when the clock started."""
    clock = Clock(1 + row.warm_up // epoch_of(row))
    builder = BUILDERS[row.algorithm](row.environment, ExperimentConfig(watch=False, persistence_enabled=False), sampling_of(row))
    builder.with_compile(compiled).with_epoch_train_callback(clock)
    experiment = builder.build()
    world = experiment.create_experiment_world()
    return lambda: experiment.train(world), lambda: clock.started


def main() -> None:
    """Time one row."""
    row = asked_row()
    run, start = prepared(row, compiled="compiled" in sys.argv[2:])
    report(f"rlchassis {version('rlchassis-core')}", row, run, start)


if __name__ == "__main__":
    main()
