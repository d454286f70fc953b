from __future__ import annotations

import pytest
import torch

from rlchassis.collector import CollectStats
from rlchassis.journal import Journal


def learned(*losses: float) -> Journal:
    journal = Journal()
    for loss in losses:
        journal.note_learning({"loss": torch.tensor(float(loss))})
    return journal


def test_a_row_holds_the_means_since_the_row_before():
    journal = learned(1, 2, 6)
    journal.note_collection(CollectStats(10, [4.0, 8.0], [2, 6]))
    journal.note_collection(CollectStats(10, [6.0], [1]))
    assert journal.row() == {"learn/loss": 3, "train/return": 6, "train/length": 3}
    journal.note_learning({"loss": torch.tensor(7.0)})
    assert journal.row() == {"learn/loss": 7}
    assert journal.row() == {}


def test_metrics_that_only_some_rounds_tell_are_averaged_over_those():
    journal = learned(1, 3)
    journal.note_learning({"kl": torch.tensor(5.0)})
    assert journal.row() == {"learn/loss": 2, "learn/kl": 5}


def test_whole_numbers_are_averaged_too():
    journal = Journal()
    for backtracks in (1, 2):
        journal.note_learning({"backtracks": torch.tensor(backtracks)})
    assert journal.row() == {"learn/backtracks": 1.5}


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_metric_that_is_no_number_ends_the_run_with_its_name(loss):
    with pytest.raises(FloatingPointError, match=r"learn/loss became .* diverged"):
        learned(1, loss).row()
