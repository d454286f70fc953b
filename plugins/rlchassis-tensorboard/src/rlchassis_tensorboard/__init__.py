"""TensorBoard event files for rlchassis: its default logger."""

from __future__ import annotations

import itertools
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from rlchassis.api import Logger, LoggerFactory, UsageError

_count = itertools.count()


class LoggerTensorboard(Logger):
    """Writes scalars to an event file of its own; TensorBoard shows all event files of a directory as one run.

    Each is written at once and by the caller, who therefore hears of a disk that is full; tensorboard's own writer does so in a thread.
    """

    def __init__(self, directory: Path, recipe: Mapping[str, Any]) -> None:
        path = directory / f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{next(_count)}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
            self._records = RecordWriter(self._file)
            self._write(file_version="brain.Event:2")
            self._write(summary=text_pb("recipe", f"```json\n{json.dumps(recipe, indent=2)}\n```"), step=0)
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}); choose another directory, or another logger.") from error

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Write one event with a value per tag."""
        self._write(summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]), step=step)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, **what: Any) -> None:
        try:
            self._records.write(Event(wall_time=time.time(), **what).SerializeToString())
            self._file.flush()
        except OSError:
            with suppress(OSError):
                self._file.close()
            raise


@frozen
class LoggerFactoryTensorboard(LoggerFactory):
    """Event files in the folder tb of the run directory."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """A new event file; with a run_id, the steps of an earlier run of that id stand in the files of the folder tb/<run_id>."""
        return LoggerTensorboard(Path(log_dir, "tb", *filter(None, [run_id])), config_dict)
