"""Metrics as a CSV file: a row per logged row, a column per tag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.api import Logger, UsageError
from rlchassis_csv.table import LoggerCsv
from rlchassis_toolkit import StandardLoggerFactory

FILENAME = "metrics.csv"


@frozen
class LoggerFactoryCsv(StandardLoggerFactory):
    """Factory of CSV loggers: the file metrics.csv in the run directory, or in its folder csv/<run_id>."""

    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create a logger that goes on with the rows that the file has."""
        path = Path(log_dir, *(("csv", run_id) if run_id else ()), FILENAME)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return LoggerCsv(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{path} cannot be written ({reason}); choose another directory, or another logger.") from error
