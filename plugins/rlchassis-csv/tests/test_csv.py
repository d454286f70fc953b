"""A CSV reader finds what metrics.jsonl says: every tag, every step, the same values."""

from __future__ import annotations

import csv
import json
import math

import pytest

from rlchassis.api import UsageError
from rlchassis_csv import LoggerFactoryCsv
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling


def opened(directory, run_id=None):
    return LoggerFactoryCsv().create_logger(str(directory), "x", run_id, {})


def rows(path):
    """Rows without their empty cells, as numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{tag: float(cell) for tag, cell in row.items() if cell} for row in csv.DictReader(file)]


def comparable(rows):
    return [{tag: value if value is not None and math.isfinite(value) else None for tag, value in row.items()} for row in rows]


def test_every_tag_and_step_of_the_metrics_file_is_found_with_its_value(tmp_path):
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling())
    directory = builder.with_logger_factory(LoggerFactoryCsv()).build().run("run").world.directory
    assert comparable(rows(directory / "metrics.csv")) == rows_of(directory)
    assert {tag for row in rows_of(directory) for tag in row} >= {"step", "train/return", "test/return"}


def test_a_metric_that_appears_later_is_a_further_column_and_one_that_is_missing_an_empty_cell(tmp_path):
    logger = opened(tmp_path)
    logger.log({"a": 0.5}, 1)
    logger.log({'say "b", c': -1.0, "a": math.nan}, 2)
    logger.log({"d": math.inf}, 3)
    assert (tmp_path / "metrics.csv").read_text("utf-8").splitlines() == [
        'step,a,"say ""b"", c",d',
        "1,0.5,,",
        "2,nan,-1.0,",
        "3,,,inf",
    ]


def test_a_file_that_is_there_is_gone_on_with_and_a_line_cut_short_is_dropped(tmp_path):
    opened(tmp_path, "id-1").log({"a": 1.0}, 1)
    path = tmp_path / "csv" / "id-1" / "metrics.csv"
    path.write_text(path.read_text("utf-8") + "2,", "utf-8")
    opened(tmp_path, "id-1").log({"a": 3.0}, 3)
    assert rows(path) == [{"step": 1, "a": 1.0}, {"step": 3, "a": 3.0}]


def test_what_was_written_after_a_checkpoint_is_removed_and_the_rest_goes_on_without_gaps(tmp_path):
    logger = opened(tmp_path)
    logger.log({"a": 1.0}, 1)
    state = json.loads(json.dumps(logger.state_dict()))
    logger.log({"later": 2.0}, 2)
    again = opened(tmp_path)
    again.load_state_dict(state)
    assert (tmp_path / "metrics.csv").read_text("utf-8") == "step,a\n1,1.0\n"
    again.log({"later": 2.0, "a": 0.0}, 2)
    assert rows(tmp_path / "metrics.csv") == [{"step": 1, "a": 1.0}, {"step": 2, "a": 0.0, "later": 2.0}]


def test_a_file_that_is_gone_during_the_run_is_an_error_and_no_file_without_header(tmp_path):
    logger = opened(tmp_path)
    logger.log({"a": 1.0}, 1)
    (tmp_path / "metrics.csv").unlink()
    with pytest.raises(FileNotFoundError):
        logger.log({"a": 1.0}, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_refused_before_training_unless_the_logger_is_not_required(tmp_path, caplog):
    (tmp_path / "metrics.csv").write_text("time,price\n1,2\n", "utf-8")
    said = r"metrics\.csv cannot be written \(its first column is 'time' instead of 'step'\); choose another directory, or another logger\."
    with pytest.raises(UsageError, match=said):
        opened(tmp_path)
    LoggerFactoryCsv(required=False).create_logger(str(tmp_path), "x", None, {}).log({"a": 1.0}, 1)
    assert (tmp_path / "metrics.csv").read_text("utf-8") == "time,price\n1,2\n"
    assert "A logger is left out, metrics go to metrics.jsonl: " in caplog.text


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "csv").write_text("no directory", "utf-8")
    with pytest.raises(UsageError, match=r"csv/id/metrics\.csv cannot be written \((File exists|Not a directory)\)"):
        opened(tmp_path, "id")
