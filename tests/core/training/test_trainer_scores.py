"""Scores of tests as stop rules, metrics and the stored policy see them, where a later test is worse than an earlier one."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rlchassis.api import hookimpl
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.reporting.metrics_file import read_metrics
from rlchassis.training.callbacks import EpochStopCallback
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder


class Fading(gym.Env[Any, Any]):
    """One step per episode; the episodes of one environment pay 8, 4, 2, 1, … in turn."""

    observation_space = gym.spaces.Box(0, 1, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self) -> None:
        self.pay = 16.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.pay /= 2
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return np.zeros(1, np.float32), self.pay, True, False, {}


class Scores(EpochStopCallback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def should_stop(self, mean_rewards: float, context: Any) -> bool:
        self.seen.append(mean_rewards)
        return False


class Epochs:
    def __init__(self) -> None:
        self.begun: list[int] = []

    @hookimpl
    def rlchassis_epoch_start(self, epoch: int) -> None:
        self.begun.append(epoch)


def experiment(directory: Any, **sampling: Any) -> RecordingExperimentBuilder:
    config = ExperimentConfig(watch=False, persistence_base_dir=directory)
    settings = {
        "num_epochs": 3,
        "step_per_epoch": 24,
        "num_train_envs": 1,
        "num_test_envs": 1,
        "num_test_episodes": 1,
        "batch_size": 12,
    } | sampling
    return RecordingExperimentBuilder(Fading, config, SamplingConfig(**settings))


def test_a_stop_rule_sees_the_current_score_and_not_the_best(tmp_path):
    rule = Scores()
    result = experiment(tmp_path).with_epoch_stop_callback(rule).build().run("run")
    first, second, third = rule.seen
    assert first > second > third
    assert rule.seen == pytest.approx([test.mean for test in result.world.state.tests])


def test_the_metrics_hold_the_best_return_so_far_beside_the_current_one(tmp_path):
    result = experiment(tmp_path).build().run("run")
    rows = read_metrics(result.world.directory)
    current, best = ([row[tag] for row in rows if tag in row] for tag in ("test/return", "test/best_return"))
    assert best == [max(current)] * 3
    assert min(current) < max(current)


def test_no_epoch_begins_once_the_steps_are_spent(tmp_path):
    epochs = Epochs()
    experiment(tmp_path, num_epochs=5, max_steps=48).build().run("run", observers=[epochs])
    assert epochs.begun == [1, 2]
