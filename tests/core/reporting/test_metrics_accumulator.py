from __future__ import annotations

import math

import pytest
import torch

from rlchassis.collecting.episodes import CollectStats
from rlchassis.errors import DivergenceError, PluginError
from rlchassis.reporting.metrics_accumulator import MetricsAccumulator, require_finite


class Guesser:
    def update(self):
        """Stands for the method that metrics come from."""


UPDATE = Guesser().update


def learned(*losses: float) -> MetricsAccumulator:
    journal = MetricsAccumulator()
    for loss in losses:
        journal.record_update({"loss": torch.tensor(float(loss))}, UPDATE)
    return journal


def test_a_row_holds_the_means_since_the_row_before():
    journal = learned(1, 2, 6)
    journal.record_collection(CollectStats(10, [4.0, 8.0], [2, 6]))
    journal.record_collection(CollectStats(10, [6.0], [1]))
    assert journal.row() == {"learn/loss": 3, "train/return": 6, "train/length": 3}
    journal.record_update({"loss": torch.tensor(7.0)}, UPDATE)
    assert journal.row() == {"learn/loss": 7}
    assert journal.row() == {}


def test_by_hand_the_speed_of_a_row_is_that_since_the_row_before():
    journal = MetricsAccumulator()
    journal.record_time(30, 0.25)
    assert journal.row() == {}, "time alone makes no row"
    journal.record_time(10, 0.75)
    journal.record_update({"loss": torch.tensor(7.0)}, UPDATE)
    assert journal.row() == {"learn/loss": 7, "time/steps_per_second": 40}
    journal.record_update({"loss": torch.tensor(7.0)}, UPDATE)
    journal.record_time(10, 0.5)
    assert journal.row() == {"learn/loss": 7, "time/steps_per_second": 20}


def test_metrics_that_only_some_rounds_tell_are_averaged_over_those():
    journal = learned(1, 3)
    journal.record_update({"kl": torch.tensor(5.0)}, UPDATE)
    assert journal.row() == {"learn/loss": 2, "learn/kl": 5}


def test_whole_numbers_are_averaged_too():
    journal = MetricsAccumulator()
    for backtracks in (1, 2):
        journal.record_update({"backtracks": torch.tensor(backtracks)}, UPDATE)
    assert journal.row() == {"learn/backtracks": 1.5}


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_metric_that_is_not_finite_is_in_its_row_and_is_divergence(loss):
    row = learned(1, loss).row()
    assert not math.isfinite(row["learn/loss"])
    with pytest.raises(DivergenceError, match=r"learn/loss became .* diverged"):
        require_finite(row)


def test_returns_that_are_not_finite_are_not_divergence():
    journal = MetricsAccumulator()
    journal.record_collection(CollectStats(2, [math.inf, -math.inf], [1, 1]))
    assert math.isnan(journal.row()["train/return"])
    require_finite({"train/return": math.nan, "learn/loss": 1.0})


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (None, r"Guesser\.update returned NoneType, expected a dict of metrics; return \{\} for none\."),
        ({"kl": 0.5}, r"metric 'kl' of Guesser\.update is float, expected a scalar tensor; write torch\.tensor\(value\)"),
        ({"kl": torch.ones(3)}, r"metric 'kl' of Guesser\.update is a tensor of shape \[3\], expected .* write value\.mean\(\)\."),
    ],
)
def test_metrics_of_another_kind_are_refused_with_the_method_they_come_from(metrics, said):
    with pytest.raises(PluginError, match=said):
        MetricsAccumulator().record_update(metrics, UPDATE)


@pytest.mark.parametrize("later", [0.5, torch.ones(2)])
def test_a_metric_that_becomes_of_another_kind_is_refused_with_its_name(later):
    journal = learned(1)
    journal.record_update({"loss": later}, UPDATE)
    with pytest.raises(PluginError, match="metric 'loss' was not a scalar tensor in every update"):
        journal.row()
