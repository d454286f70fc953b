"""Numbers of `info` as metrics: of training, of tests, stored, and as a reason to stop."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.api import SamplingConfig, UsageError, read_metrics
from rlchassis.collecting.collector import Collector
from rlchassis.collecting.episodes import CollectStats
from rlchassis.collecting.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.config import ExperimentConfig
from rlchassis.config.info_metrics import InfoMetric, info_metrics_from
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.infos import InfoKeys
from rlchassis.experiment import EpochStopCallbackMetric, evaluate
from rlchassis.reporting.metrics_accumulator import MetricsAccumulator
from rlchassis_testkit.experiences import Constant
from rlchassis_testkit.recorded_runs import RowObserver
from rlchassis_testkit.recording_algorithm import RecordingAgentFactory, RecordingExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run

METRICS = ("level", "cost:sum", "speed:mean", "height:max")
SETTINGS: dict[str, Any] = {"num_test_envs": 2, "num_test_episodes": 2}


class InfoCounter(Counter):
    """A Counter whose `info` has the step as level, cost and height, and as speed in every second step only; it is won at its end."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        *answer, _ = super().step(action)
        info: dict[str, Any] = {"level": self.count, "cost": self.count, "height": -self.count}
        if self.count % 2 == 0:
            info["speed"] = np.float32(self.count)
        if answer[2] or answer[3]:
            info["is_success"] = self.length % 2 == 0
        return (*answer, info)  # type: ignore[return-value]  # as the base class does not annotate it


@pytest.fixture(autouse=True)
def registered():
    gym.register("InfoCounter-v0", InfoCounter, kwargs={"length": 4})
    yield
    del gym.registry["InfoCounter-v0"]


def collector_of(*lengths: int, metrics: tuple[str, ...] = METRICS, max_episode_steps: float = math.inf) -> Collector:
    envs = InProcessEnvironment.open([partial(InfoCounter, length) for length in lengths])
    envs.read_infos(InfoKeys({}, info_metrics_from(metrics)))
    return Collector(Constant(), envs, torch.Generator(), max_episode_steps=max_episode_steps)


def test_an_episode_counts_with_its_last_number_its_sum_its_mean_or_its_highest():
    collector = collector_of(2, 4)
    collector.reset([0, 1])
    stats = collector.collect(8, RolloutBuffer())
    assert stats.lengths == [2, 2, 4]
    assert stats.infos == {"level": [2, 2, 4], "cost": [3, 3, 10], "speed": [2, 2, 3], "height": [-1, -1, -1]}


def test_a_test_has_a_number_per_episode_in_the_order_of_the_seeds():
    evaluation = evaluate_policy(collector_of(4, 2), [7, 8, 9])
    assert evaluation.lengths == (4, 2, 4)
    assert evaluation.infos == {"level": (4, 2, 4), "cost": (10, 3, 10), "speed": (3, 2, 3), "height": (-1, -1, -1)}
    assert as_metrics(evaluation)["test/cost"] == pytest.approx(23 / 3)


def test_an_episode_that_is_cut_before_a_key_occurs_is_left_out_of_its_mean():
    evaluation = evaluate_policy(collector_of(6, 2, metrics=("is_success", "level"), max_episode_steps=3), [7, 8])
    assert evaluation.infos["level"] == (3, 2)
    assert math.isnan(evaluation.infos["is_success"][0])
    assert evaluation.info_means == {"is_success": 1.0, "level": 2.5}


def test_numbers_of_training_episodes_are_averaged_over_the_episodes_of_a_row():
    metrics = MetricsAccumulator()
    metrics.record_collection(CollectStats(8, [1.0, 2.0], [4, 4], {"cost": [1.0, math.nan]}))
    metrics.record_collection(CollectStats(4, [3.0], [4], {"cost": [2.0]}))
    row = metrics.row()
    assert (row["train/return"], row["train/cost"]) == (2.0, 1.5)
    assert metrics.row() == {}


def test_a_stored_test_keeps_its_numbers():
    stored = Evaluation((1.0, 2.0), (3, 4), (5, 6), infos={"cost": (0.1, 0.7)})
    assert Evaluation.from_data(stored.as_data()) == stored
    cut = Evaluation((1.0,), (3,), (5,), infos={"cost": (math.nan,)})
    assert cut.as_data()["infos"] == {"cost": (None,)}, "JSON has no NaN"
    assert math.isnan(Evaluation.from_data(cut.as_data()).infos["cost"][0])


def test_metrics_of_info_are_in_rows_of_training_and_tests_and_in_an_evaluation_of_the_stored_policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"persistence_enabled": True, "info_metrics": ("is_success", "cost:sum")}
    world = tiny_run(RecordingExperimentBuilder, "InfoCounter-v0", name="infos", **config, **SETTINGS)
    rows = read_metrics(tmp_path / "log" / "infos")
    assert [row["train/cost"] for row in rows if "train/return" in row] == [10] * 4
    assert [(row["test/is_success"], row["test/cost"]) for row in rows if "test/return" in row] == [(1, 10)] * 2
    again = evaluate("log/infos", allow=[RecordingAgentFactory])
    assert again.infos == world.state.best.infos == {"is_success": (1, 1), "cost": (10, 10)}
    assert again.matches


@pytest.mark.parametrize("mode", AutoresetMode)
def test_a_vectorised_environment_trains_with_the_same_numbers_as_single_ones(mode):
    def rows_of(env: Any) -> list[list[float]]:
        observer = RowObserver()
        builder = RecordingExperimentBuilder(
            env,
            ExperimentConfig(watch=False, persistence_enabled=False, info_metrics=("is_success", "speed:sum")),
            SamplingConfig(num_epochs=1, step_per_epoch=80, step_per_collect=40, batch_size=12, num_train_envs=2, num_test_envs=0),
        )
        builder.build().run(observers=[observer])
        return [[row["train/is_success"], row["train/speed"]] for _, row in observer.rows if "train/return" in row]

    vector_env = SyncVectorEnv([partial(InfoCounter, 4)] * 2, autoreset_mode=mode)
    assert rows_of(vector_env) == rows_of(partial(InfoCounter, 4)) == [[1.0, 6.0]] * 2
    vector_env.close()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("cost:median",), "with a reduction out of last, mean, sum, max, not 'cost:median'"),
        ((":sum",), "not ':sum'"),
        (("return",), "cannot name 'return', which every run logs"),
        (("cost", "cost:sum"), "names 'cost' twice"),
        ("cost", "must be a tuple of strings"),
        ((3,), "must be a tuple of strings"),
    ],
)
def test_metrics_of_info_that_cannot_be_are_refused(texts, said):
    with pytest.raises(UsageError, match=said):
        ExperimentConfig(info_metrics=texts)


def test_the_default_reduction_is_the_last_number():
    assert info_metrics_from(["is_success", "cost:sum"]) == (InfoMetric("is_success", "last"), InfoMetric("cost", "sum"))


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        (EpochStopCallbackMetric("test/cost", 10), 48),
        (EpochStopCallbackMetric("test/cost", 10.5), 96),
        (EpochStopCallbackMetric("test/cost", 10, at_most=True), 48),
        (EpochStopCallbackMetric("test/cost", 9.5, at_most=True), 96),
        (EpochStopCallbackMetric("test/best_return", 10), 48),
    ],
)
def test_training_stops_at_a_threshold_of_any_metric_of_a_test(rule, steps):
    config = {"info_metrics": ("cost:sum",), **SETTINGS}
    world = tiny_run(RecordingExperimentBuilder, partial(InfoCounter, 4), configure=lambda b: b.with_epoch_stop_callback(rule), **config)
    assert world.state.env_step == steps


@pytest.mark.parametrize("tag", ["train/cost", "test/costs", "cost"])
def test_a_metric_that_no_test_has_is_refused_before_the_first_step(tag):
    rule = EpochStopCallbackMetric(tag, 1)
    with pytest.raises(
        UsageError, match=f"no test of this run has the metric '{tag}'.*(Did you mean \"test/cost\"|There are: test/return)"
    ):
        tiny_run(
            RecordingExperimentBuilder,
            partial(InfoCounter, 4),
            configure=lambda b: b.with_epoch_stop_callback(rule),
            info_metrics=("cost",),
        )


def test_a_stop_rule_needs_its_threshold():
    with pytest.raises(UsageError, match="threshold must be a number, not None"):
        EpochStopCallbackMetric("test/cost")
