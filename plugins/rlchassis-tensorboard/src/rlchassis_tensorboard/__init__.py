"""TensorBoard event files for rlchassis: its default logger."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rlchassis.api import Logger, LoggerFactory


class LoggerTensorboard(Logger):
    """Writes scalars to an event file of its own; TensorBoard shows all event files of a directory as one run."""

    def __init__(self, directory: str, recipe: Mapping[str, Any]) -> None:
        self._writer = EventFileWriter(directory)
        self._write(text_pb("recipe", f"```json\n{json.dumps(recipe, indent=2)}\n```"), step=0)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Write one event with a value per tag."""
        self._write(Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]), step)

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()

    def _write(self, summary: Summary, step: int) -> None:
        self._writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))


@frozen
class LoggerFactoryTensorboard(LoggerFactory):
    """Event files in the folder tb of the run directory."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """A new event file; with a run_id, the steps of an earlier run of that id stand in the files of the folder tb/<run_id>."""
        return LoggerTensorboard("/".join(filter(None, (log_dir, "tb", run_id))), config_dict)
