"""MLflow for rlchassis: metrics, configuration and videos. mlflow is imported when a logger is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.api import Logger, instance
from rlchassis_toolkit import StandardLoggerFactory


@frozen
class LoggerFactoryMlflow(StandardLoggerFactory):
    """Factory of MLflow loggers: a run of an MLflow experiment, in a local database or on a tracking server."""

    tracking_uri: str | None = instance(str)
    """Database or server, such as "sqlite:////data/mlflow.db"; None: MLFLOW_TRACKING_URI, or else mlflow.db in the working directory."""
    experiment: str = instance(str, "rlchassis")
    """Name of the MLflow experiment, which is created if it does not exist."""

    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Begin a run, or go on with the one of this id or, without an id, of this directory."""
        from rlchassis_mlflow.run import begin

        return begin(Path(log_dir), self.tracking_uri, self.experiment, experiment_name, run_id, config_dict)
