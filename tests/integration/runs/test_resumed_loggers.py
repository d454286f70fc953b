"""Loggers of a resumed run go on where those of its checkpoint were: each row once, under the same run id."""

from __future__ import annotations

import csv

import pytest

from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, PPOExperimentBuilder
from rlchassis_csv import LoggerFactoryCsv
from rlchassis_tensorboard import LoggerFactoryTensorboard
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling


@pytest.mark.parametrize("run_id", ["../elsewhere", "/tmp/elsewhere", "", "a\n"])
def test_a_run_id_that_leads_out_of_the_run_directory_is_refused_before_training(run_id, tmp_path):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling()).with_logger_factory(LoggerFactoryCsv())
    with pytest.raises(UsageError, match=r"^a?n? ?logger_run_id "):
        builder.build().run("run", run_id)
    assert list(tmp_path.rglob("*.csv")) == []


def test_a_resumed_run_logs_each_row_once_and_where_its_run_id_says(tmp_path):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling())
    builder.with_logger_factory(LoggerFactoryTensorboard()).with_logger_factory(LoggerFactoryCsv())
    directory = builder.build().run("run", "id-1").world.directory
    written = directory / "csv" / "id-1" / "metrics.csv"
    with written.open("a", encoding="utf-8") as file:
        file.write("99\n")  # as of a run that was killed after its checkpoint
    Experiment.resume(directory, steps=96)
    with written.open(encoding="utf-8", newline="") as file:
        rows = [{tag: float(cell) for tag, cell in row.items() if cell and cell != "nan"} for row in csv.DictReader(file)]
    assert rows == [{tag: value for tag, value in row.items() if value is not None} for row in rows_of(directory)]
    assert rows[-1]["step"] == 96
    assert len(list((directory / "tb" / "id-1").iterdir())) == 2
    assert not (directory / "metrics.csv").exists()
