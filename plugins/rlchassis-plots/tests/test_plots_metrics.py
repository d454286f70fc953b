"""Other metrics of episodes than the return, such as numbers of `info`."""

from __future__ import annotations

import csv

import pytest

from rlchassis.api import StoredFileError
from rlchassis_plots.caption import caption_of, caption_of_one
from rlchassis_plots.groups import panels
from rlchassis_plots.one_run import panel_of_one
from rlchassis_plots.runs import read_only_run, read_run

ROWS = [
    {"step": 10, "train/return": 1.0, "train/is_success": 0.25},
    {"step": 20, "test/return": 2.0, "test/return_std": 1.0, "test/is_success": 0.5},
    {"step": 40, "test/return": 3.0, "test/return_std": 1.0, "test/is_success": 1.0},
]


def test_of_one_run_the_metric_of_training_and_tests_is_drawn_without_a_band(synthetic):
    run = read_only_run(synthetic("one", rows=ROWS))
    training, tests = panel_of_one(run, metric="is_success").groups
    assert (training.tag, training.curves[0].values.tolist()) == ("train/is_success", [0.25])
    assert (tests.tag, tests.curves[0].steps.tolist(), tests.curves[0].values.tolist()) == ("test/is_success", [20, 40], [0.5, 1.0])
    assert tests.stretches[0].low is None
    assert caption_of_one(run, 1, "is_success") == "ppo, one: is_success."


def test_of_several_runs_the_metric_of_tests_is_compared(synthetic):
    drawn = panels([read_run(synthetic(name, seed=i, rows=ROWS), None) for i, name in enumerate("ab")], metric="is_success")
    (group,) = drawn[0].groups
    assert (group.tag, group.stretches[0].centre.tolist()) == ("test/is_success", [0.5, 1.0])
    assert "is_success of test episodes" in caption_of(drawn, 1, iqm=False).lower()


@pytest.mark.parametrize("several", [False, True])
def test_a_metric_that_no_run_has_is_refused_with_those_that_there_are(synthetic, several):
    runs = [read_run(synthetic(name, rows=ROWS), None) for name in "ab"]
    with pytest.raises(
        StoredFileError, match=r"the metric cost yet; plot .* has ended\. Their metrics are is_success, return, return_std\."
    ):
        _ = panels(runs, metric="cost") if several else panel_of_one(runs[0], metric="cost")


def test_the_command_line_draws_it_and_writes_its_numbers(rlchassis, synthetic, tmp_path):
    directory, table = synthetic("one", rows=ROWS), tmp_path / "numbers.csv"
    done = rlchassis("plot", directory, "--metric", "is_success", "--csv", table)
    assert (done.code, done.err) == (0, "")
    assert {row["metric"] for row in csv.DictReader(table.read_text().splitlines())} == {"train/is_success", "test/is_success"}
