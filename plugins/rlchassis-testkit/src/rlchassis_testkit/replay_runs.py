"""Off-policy runs of a second, in which nothing is learned and everything that is replayed is written down."""

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
    env: Any = Counter, told: Callable[[Any], Any] = unchanged, seed: int = 42, **settings: Any
) -> tuple[World, Callable[[], Any]]:
    """A world that has yet to train, and what trains in it; told says more to its builder."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    builder = told(RecordingReplayExperimentBuilder(env, config, SamplingConfig(**(SETTINGS | settings))))
    experiment = builder.build()
    world = experiment.create_experiment_world()
    return world, lambda: experiment.train(world)


def world_of(*args: Any, **settings: Any) -> World:
    """The world alone."""
    return prepared(*args, **settings)[0]


def trained(*args: Any, **settings: Any) -> tuple[World, RecordingReplayAlgorithm]:
    """One that has trained, and the onlooker that wrote down how."""
    world, train = prepared(*args, **settings)
    train()
    world.close()
    assert isinstance(world.algorithm, RecordingReplayAlgorithm)
    return world, world.algorithm
