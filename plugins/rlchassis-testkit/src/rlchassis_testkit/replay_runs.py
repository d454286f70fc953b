"""Off-policy runs of a second, with an algorithm that learns nothing and records replayed windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rlchassis.api import ExperimentConfig, SamplingConfig, World
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayAlgorithm, RecordingReplayExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import unchanged

SETTINGS: dict[str, Any] = {
    "num_epochs": 2,
    "step_per_epoch": 48,
    "step_per_collect": 1,
    "batch_size": 8,
    "buffer_size": 1000,
    "num_train_envs": 1,
    "num_test_envs": 0,
}


def prepared(
    env: Any = Counter, configure: Callable[[Any], Any] = unchanged, seed: int = 42, **settings: Any
) -> tuple[World, Callable[[], Any]]:
    """A world before training, and a function that trains in it; `configure` changes the builder."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    builder = configure(RecordingReplayExperimentBuilder(env, config, SamplingConfig(**(SETTINGS | settings))))
    experiment = builder.build()
    world = experiment.create_experiment_world()
    return world, lambda: experiment.train(world)


def world_of(*args: Any, **settings: Any) -> World:
    """A world before training."""
    return prepared(*args, **settings)[0]


def trained(*args: Any, **settings: Any) -> tuple[World, RecordingReplayAlgorithm]:
    """A world after training, and its recording algorithm."""
    world, train = prepared(*args, **settings)
    train()
    world.close()
    assert isinstance(world.algorithm, RecordingReplayAlgorithm)
    return world, world.algorithm
