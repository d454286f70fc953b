"""Metrics reach every logger in the same words, and the file that is always written can always be read."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from rlchassis.errors import UsageError
from rlchassis.loggers import (
    Logger,
    LoggerFactory,
    LoggerFactoryDefault,
    LoggerFactorySeveral,
    LoggerGroup,
    MetricsFile,
    read_metrics,
    series,
)
from rlchassis.registry import Component
from rlchassis_testkit.stored_runs import rows_of


class Kept(Logger):
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
    assert series(read_metrics(tmp_path), "a") == ([1, 2], [1.0, 2.0])


def test_a_line_cut_short_is_left_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "a": null}\n{"step": 2, "a": 5}\n{"step": 3, "a"', "utf-8")
    rows = read_metrics(tmp_path)
    assert [row["step"] for row in rows] == [1, 2]
    assert series(rows, "a") == ([2], [5])
    with pytest.raises(UsageError, match=r"holds no metrics\.jsonl"):
        read_metrics(tmp_path / "nowhere")


def test_all_loggers_of_a_group_get_the_same_single_precision():
    one, other = Kept(), Kept()
    LoggerGroup([one, other]).log({"a": 0.1, "b": 1e300}, 7)
    assert one.rows == other.rows == [({"a": float(np.float32(0.1)), "b": math.inf}, 7)]


def test_one_that_fails_is_dropped_with_one_warning_and_the_others_go_on(caplog):
    good, bad = Kept(), Kept(fails=["log"])
    group = LoggerGroup([bad, good])
    with caplog.at_level(logging.WARNING, "rlchassis"):
        for step in range(3):
            group.log({"a": 1.0}, step)
    assert [step for _, step in good.rows] == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records] == ["Kept failed and is not used any more; the run goes on."]


def test_all_are_closed_even_if_one_fails(caplog):
    bad, good = Kept(fails=["close"]), Kept()
    LoggerGroup([bad, good]).close()
    assert (bad.closed, good.closed) == (1, 1)
    assert "could not be closed" in caplog.text


class KeptFactory(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        logger = Kept()
        logger.told = (log_dir, experiment_name, run_id, config_dict)
        return logger


def test_several_are_made_of_factories_and_references_and_told_the_same(tmp_path):
    group = LoggerFactorySeveral([KeptFactory(), Component("logger", "default")]).create_logger(str(tmp_path), "name", "id", {"a": 1})
    assert group.loggers[0].told == (str(tmp_path), "name", "id", {"a": 1})
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
    assert "No default logger, metrics go to metrics.jsonl alone: no logger." in caplog.text
    assert list(tmp_path.iterdir()) == []
