"""What policy wrappers are for: PPO runs faster with normalized observations."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import plan
from tools.tasks.task import Task


def cheetah(wrappers: list[str], seed: int) -> list[float]:
    """PPO on HalfCheetah-v5 with the settings of its recipe, with these wrappers instead of the recipe's."""
    quiet: dict[str, Any] = {"watch": False, "persistence_enabled": False, "num_threads": 1}
    experiment = plan("ppo", "HalfCheetah-v5", seed=seed, settings={"wrappers": wrappers}, **quiet)
    return [test.mean for test in experiment.run().world.state.tests]


TASKS: dict[str, Task] = {
    "cheetah-obs-norm": Task(partial(cheetah, ["obs-norm"]), 700),
    "cheetah-obs-norm-without": Task(partial(cheetah, []), 700, "raw observations", solvable=False),
}
