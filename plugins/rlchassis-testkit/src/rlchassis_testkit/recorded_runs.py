"""Short on-policy runs whose algorithm records what it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rlchassis.api import ExperimentConfig, SamplingConfig, World, hookimpl
from rlchassis_testkit.recording_algorithm import RecordingAlgorithm, RecordingExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run, unchanged

NO_TESTS = {"num_test_envs": 0}


def recorded_run(env: Any = Counter, **settings: Any) -> tuple[World, RecordingAlgorithm]:
    """The world of a finished run, and its algorithm."""
    world = tiny_run(RecordingExperimentBuilder, env, **settings)
    assert isinstance(world.algorithm, RecordingAlgorithm)
    return world, world.algorithm


def prepared(**sampling: Any) -> tuple[World, Callable[[], Any]]:
    """A world before training, and a function that trains in it and returns InfoStats."""
    config = SamplingConfig(num_train_envs=3, num_test_envs=0, **sampling)
    experiment = RecordingExperimentBuilder(Counter, ExperimentConfig(watch=False), config).build()
    world = experiment.create_experiment_world()
    return world, lambda: experiment.train(world)


class RowObserver:
    """Observer that records logged rows, logs one of its own for each, and requests a stop at a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.stop_at = stop_at

    @hookimpl
    def rlchassis_metrics(self, world: World, metrics: dict[str, float], step: int) -> None:
        """Record the row."""
        self.rows.append((step, metrics))
        world.logger.log({"own/rows": len(self.rows)}, step)
        if step == self.stop_at:
            world.state.request_stop("this is enough.")
            world.state.request_stop("and so is this")


def observed_run(observer: RowObserver, configure: Callable[[Any], Any] = unchanged, **settings: Any) -> Any:
    """The result of a run of 96 steps, nothing stored, with an observer."""
    config = ExperimentConfig(watch=False, persistence_enabled=False)
    sampling = {"num_epochs": 2, "step_per_epoch": 48, "step_per_collect": 24, "batch_size": 12, "num_train_envs": 2} | settings
    return configure(RecordingExperimentBuilder(Counter, config, SamplingConfig(**sampling))).build().run(observers=[observer])
