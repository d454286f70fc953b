"""A run of MLflow, through its client. The only module that imports mlflow."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from rlchassis.api import Logger, UsageError, settings_of

log = logging.getLogger("rlchassis.loggers")  # below the one whose messages log.txt and the command line show
ID_TAG = "logger_run_id"
ID_FILENAME = "run-id.txt"
LONGEST_ID = 64
LONGEST_PARAM = 500
PARAMS_AT_ONCE = 100
NOT_IN_KEYS = re.compile(r"[^\w/\-. :]")


@define(eq=False)
class LoggerMlflow(Logger):
    """Logger to a run of MLflow, by environment step; a resumed run logs no value twice."""

    _client: MlflowClient
    _run_id: str
    _there: set[tuple[str, int]] = field(factory=set, init=False)
    """Keys and steps that the run has from before it was resumed."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log a row."""
        now = int(time.time() * 1000)
        rows = [Metric(NOT_IN_KEYS.sub("_", tag), value, now, step) for tag, value in metrics.items()]
        self._client.log_batch(self._run_id, metrics=[row for row in rows if (row.key, step) not in self._there])

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Store a file as an artifact below videos."""
        self._client.log_artifact(self._run_id, file, "videos")

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember what the run has already: MLflow cannot remove values, and a resumed run computes the same ones."""
        keys = self._client.get_run(self._run_id).data.metrics
        self._there = {(key, point.step) for key in keys for point in self._client.get_metric_history(self._run_id, key)}

    def close(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self._run_id, "FINISHED")


def begin(
    directory: Path, uri: str | None, experiment: str, name: str, run_id: str | None, configuration: Mapping[str, Any]
) -> LoggerMlflow:
    """Begin or resume a run; UsageError where MLflow refuses."""
    try:
        client = MlflowClient(tracking_uri=uri)
        return LoggerMlflow(client, _run(client, directory, experiment, name, run_id, configuration))
    except (MlflowException, OSError, ValueError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise UsageError(f"MLflow cannot begin a run ({said}); set tracking_uri to a database or server that can be reached.") from error


def _run(client: MlflowClient, directory: Path, experiment: str, name: str, run_id: str | None, configuration: Mapping[str, Any]) -> str:
    """MLflow's id of the run with this run_id or, without one, of this directory; it is created if there is none."""
    known = client.get_experiment_by_name(experiment)
    experiment_id = known.experiment_id if known is not None else client.create_experiment(experiment)
    id_file = directory / "mlflow" / ID_FILENAME
    found = _labelled(client, experiment_id, run_id) if run_id is not None else _stored(client, id_file)
    if found is not None:
        client.update_run(found, status="RUNNING")
        return found
    made = str(client.create_run(experiment_id, run_name=name, tags={} if run_id is None else {ID_TAG: run_id}).info.run_id)
    id_file.parent.mkdir(parents=True, exist_ok=True)
    id_file.write_text(made, "utf-8")
    client.log_dict(made, dict(configuration), "configuration.json")
    params = [Param(NOT_IN_KEYS.sub("_", name), str(value)[:LONGEST_PARAM]) for name, value in settings_of(configuration).items()]
    for start in range(0, len(params), PARAMS_AT_ONCE):
        client.log_batch(made, params=params[start : start + PARAMS_AT_ONCE])
    log.info("MLflow run %s of experiment %r.", made, experiment)
    return made


def _labelled(client: MlflowClient, experiment_id: str, run_id: str) -> str | None:
    """The run whose tag is run_id."""
    found = client.search_runs([experiment_id], filter_string=f"tags.`{ID_TAG}` = {run_id!r}", max_results=1)
    return str(found[0].info.run_id) if found else None


def _stored(client: MlflowClient, id_file: Path) -> str | None:
    """The run whose id is in a file."""
    if not id_file.is_file():
        return None
    return str(client.get_run(id_file.read_text("utf-8", errors="replace")[:LONGEST_ID]).info.run_id)
