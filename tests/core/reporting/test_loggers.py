"""Metrics reach every logger in the same words, and the file that is always written can always be read."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.registry import Component
from rlchassis.reporting import metrics_file
from rlchassis.reporting.loggers import Logger, LoggerGroup
from rlchassis.reporting.metrics_file import MetricsFile, read_metrics
from rlchassis.training.loggers import LoggerFactory, LoggerFactoryDefault, LoggerFactorySeveral
from rlchassis_testkit.stored_runs import rows_of


class RecordingLogger(Logger):
    def __init__(self, fails=()):
        self.rows, self.fails, self.closed = [], fails, 0

    def log(self, metrics, step):
        if "log" in self.fails:
            raise OSError("full")
        self.rows.append((dict(metrics), step))

    def close(self):
        self.closed += 1
        if "close" in self.fails:
            raise OSError("full")


def test_the_file_has_a_line_per_row_and_null_for_what_is_no_finite_number(tmp_path):
    file = MetricsFile(tmp_path)
    file.log({"a": 1.5, "b": math.nan}, 3)
    file.log({"c": math.inf}, 4)
    file.close()
    file.close()
    assert rows_of(tmp_path) == [{"step": 3, "a": 1.5, "b": None}, {"step": 4, "c": None}]


def test_a_row_can_be_read_as_soon_as_it_is_logged_and_an_earlier_run_is_continued(tmp_path):
    first = MetricsFile(tmp_path)
    first.log({"a": 1.0}, 1)
    assert rows_of(tmp_path) == [{"step": 1, "a": 1.0}]
    first.close()
    second = MetricsFile(tmp_path)
    second.log({"a": 2.0}, 2)
    second.close()
    assert read_metrics(tmp_path) == [{"step": 1, "a": 1.0}, {"step": 2, "a": 2.0}]


def test_rows_that_were_removed_after_the_checkpoint_are_missed(tmp_path, caplog):
    file = MetricsFile(tmp_path)
    file.log({"a": 1.0}, 1)
    file.log({"a": 2.0}, 2)
    state = file.state_dict()
    file.close()
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    again = MetricsFile(tmp_path)
    again.load_state_dict(state)
    again.close()
    assert "fewer than the" in caplog.text
    assert rows_of(tmp_path) == [{"step": 1, "a": 1.0}]


def test_a_line_cut_short_is_left_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "a": null}\n{"step": 2, "a": 5}\n{"step": 3, "a"', "utf-8")
    rows = read_metrics(tmp_path)
    assert rows == [{"step": 1, "a": None}, {"step": 2, "a": 5}]
    with pytest.raises(UsageError, match=r"contains no metrics\.jsonl"):
        read_metrics(tmp_path / "nowhere")


def test_all_loggers_of_a_group_get_the_same_single_precision():
    one, other = RecordingLogger(), RecordingLogger()
    LoggerGroup([one, other]).log({"a": 0.1, "b": 1e300}, 7)
    assert one.rows == other.rows == [({"a": float(np.float32(0.1)), "b": math.inf}, 7)]


def test_a_logger_that_fails_is_dropped_with_one_warning_and_the_others_go_on(caplog):
    good, bad = RecordingLogger(), RecordingLogger(fails=["log"])
    group = LoggerGroup([bad, good])
    with caplog.at_level(logging.WARNING, "rlchassis"):
        for step in range(3):
            group.log({"a": 1.0}, step)
    assert [step for _, step in good.rows] == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records] == ["RecordingLogger failed and is no longer used; the run continues."]
    assert (good.closed, bad.closed) == (0, 1)


def test_all_are_closed_even_if_one_fails(caplog):
    bad, good = RecordingLogger(fails=["close"]), RecordingLogger()
    LoggerGroup([bad, good]).close()
    assert (bad.closed, good.closed) == (1, 1)
    assert "could not be closed" in caplog.text


class RecordingLoggerFactory(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        logger = RecordingLogger()
        logger.expected_message = (log_dir, experiment_name, run_id, config_dict)
        return logger


def test_several_loggers_of_factories_and_references_get_the_same_arguments(tmp_path):
    group = LoggerFactorySeveral([RecordingLoggerFactory(), Component("logger", "default")]).create_logger(
        str(tmp_path), "name", "id", {"a": 1}
    )
    assert group.loggers[0].expected_message == (str(tmp_path), "name", "id", {"a": 1})
    assert len(group.loggers) == 2
    group.close()


def test_without_tensorboard_the_default_says_so_and_logs_nothing(tmp_path, monkeypatch, caplog):
    from rlchassis.errors import PluginError

    def missing(self):
        raise PluginError("no logger.")

    monkeypatch.setattr(Component, "create", missing)
    logger = LoggerFactoryDefault().create_logger(str(tmp_path), "x", None, {})
    logger.log({"a": 1.0}, 1)
    logger.close()
    assert "The default logger is not available, metrics go to metrics.jsonl only: no logger." in caplog.text
    assert list(tmp_path.iterdir()) == []


class Disk:
    """Takes some bytes, then none until there is room again."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        if self.room == 0:
            raise OSError(28, "No space left on device")
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return taken

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_rows_that_the_disk_refuses_wait_and_none_is_lost_or_torn(tmp_path, caplog):
    file = MetricsFile(tmp_path)
    file._file = disk = Disk(file._file, 12)
    with caplog.at_level(logging.INFO):
        for step in range(3):
            file.log({"a": 1.0}, step)
        assert file.problem == f"rows of {tmp_path / 'metrics.jsonl'} are lost (No space left on device)"
        disk.room = 1000
        file.log({"a": 1.0}, 3)
    file.close()
    assert file.problem is None
    assert rows_of(tmp_path) == [{"step": step, "a": 1.0} for step in range(4)]
    assert [message.partition("metrics.jsonl")[2] for message in caplog.messages] == [
        " cannot be written (No space left on device); the run continues, and its rows are buffered.",
        " can be written again; no row is lost.",
    ]


def test_rows_that_wait_are_written_when_the_file_is_closed(tmp_path):
    file = MetricsFile(tmp_path)
    file._file = disk = Disk(file._file, 0)
    file.log({"a": 1.0}, 1)
    disk.room = 1000
    file.close()
    assert (rows_of(tmp_path), file.problem) == ([{"step": 1, "a": 1.0}], None)


def test_a_file_that_another_took_the_place_of_is_a_problem(tmp_path):
    file = MetricsFile(tmp_path)
    file.log({"a": 1.0}, 1)
    (tmp_path / "metrics.jsonl").unlink()
    (tmp_path / "metrics.jsonl").touch()
    group = LoggerGroup([file, RecordingLogger()])
    group.log({"a": 1.0}, 2)
    group.close()
    assert group.problems == [f"rows of {tmp_path / 'metrics.jsonl'} are lost (it was replaced during the run)"]
    assert (tmp_path / "metrics.jsonl").read_bytes() == b""


OTHER = "line 1, contains something other than nulls and finite numbers up to"
WRITTEN = {
    "a line of 1 MiB": (b'{"step": 1, "a": ' + b" " * 2**20 + b"1}\n", "line 1, is damaged"),
    "a number beyond single precision": (
        b'{"step": 1, "a": 3.5e38}\n',
        OTHER,
    ),
    "a whole number beyond it": (b'{"step": 1' + b"0" * 400 + b"}\n", OTHER),
    "true": (b'{"step": 1, "a": true}\n', OTHER),
    "more tags than any run has": (b"".join(b'{"step": 1, "%d": 1}\n' % i for i in range(10_001)), "more than 262144 lines or 10000 tags"),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_rows_that_no_run_has_written_are_refused_within_bounds(what, tmp_path):
    content, said = WRITTEN[what]
    (tmp_path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(StoredFileError, match=said):
        read_metrics(tmp_path)


def test_more_rows_than_any_run_has_are_not_read_to_the_end(tmp_path, monkeypatch):
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n' * 4)
    assert len(read_metrics(tmp_path)) == 4
    monkeypatch.setattr(metrics_file, "MOST_ROWS", 3)
    with pytest.raises(StoredFileError, match="more than 3 lines"):
        read_metrics(tmp_path)
    monkeypatch.setattr(metrics_file, "MOST_METRICS_BYTES", 3)
    with pytest.raises(StoredFileError, match="larger than 3 bytes"):
        read_metrics(tmp_path)


def test_equal_tags_of_all_rows_are_one_text(tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1, "learn/loss": 1}\n' * 2)
    first, second = read_metrics(tmp_path)
    assert [id(tag) for tag in first] == [id(tag) for tag in second]
