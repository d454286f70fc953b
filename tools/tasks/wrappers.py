"""What policy wrappers are for: PPO runs faster with normalized observations, and with curiosity it reaches a goal that it never saw."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import plan
from tools.tasks.task import Task


def cheetah(wrappers: list[str], seed: int) -> list[float]:
    """PPO on HalfCheetah-v5 with the settings of its recipe, with these wrappers instead of the recipe's."""
    return tested("ppo", "HalfCheetah-v5", seed, {"wrappers": wrappers})


def mountain_car(wrappers: list[str], seed: int) -> list[float]:
    """PPO on MountainCar-v0, whose reward is −1 per step until the goal, which random actions do not reach in its 200 steps."""
    params = {"lr": 1e-3, "gamma": 0.99, "ent_coef": 0.01, "return_scaling": True}
    rollouts = {"num_train_envs": 16, "step_per_collect": 2048, "repeat_per_collect": 8, "batch_size": 256}
    settings = {"params": params, "sampling": {**rollouts, "num_test_envs": 10, "num_test_episodes": 50}}
    return tested("ppo", "MountainCar-v0", seed, settings, steps=300_000, recipe="none", wrappers=wrappers)


def tested(algorithm: str, env: str, seed: int, settings: dict[str, Any], **options: Any) -> list[float]:
    """Mean returns of the tests of a run."""
    quiet: dict[str, Any] = {"watch": False, "persistence_enabled": False, "num_threads": 1}
    experiment = plan(algorithm, env, seed=seed, settings=settings, **options, **quiet)
    return [test.mean for test in experiment.run().world.state.tests]


TASKS: dict[str, Task] = {
    "cheetah-obs-norm": Task(partial(cheetah, ["obs-norm"]), 700),
    "cheetah-obs-norm-without": Task(partial(cheetah, []), 700, "raw observations", solvable=False),
    "mountain-car-icm": Task(partial(mountain_car, ["icm", "obs-norm"]), -150),
    "mountain-car-icm-without": Task(
        partial(mountain_car, ["obs-norm"]), -150, "without curiosity every episode is cut after 200 steps", solvable=False
    ),
}
