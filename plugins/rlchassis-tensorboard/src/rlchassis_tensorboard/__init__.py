"""TensorBoard event files for rlchassis: its default logger. TensorBoard itself is imported when the first event is written."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rlchassis.api import Logger, LoggerFactory, UsageError

if TYPE_CHECKING:
    from rlchassis_tensorboard.events import Events

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
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}); choose another directory, or another logger.") from error
        self._recipe = recipe
        self._events: Events | None = None

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Write one event with a value per tag."""
        self._begun().write_scalars(metrics, step)

    def close(self) -> None:
        """Close the file, in which the recipe stands even if nothing was logged."""
        if not self._file.closed:
            self._begun()
        self._file.close()

    def _begun(self) -> Events:
        """The events of the file, the first of which say what follows."""
        if self._events is None:
            from rlchassis_tensorboard.events import Events

            self._events = Events(self._file)
            self._events.write_recipe(self._recipe)
        return self._events


@frozen
class LoggerFactoryTensorboard(LoggerFactory):
    """Event files in the folder tb of the run directory."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """A new event file; with a run_id, the steps of an earlier run of that id stand in the files of the folder tb/<run_id>."""
        return LoggerTensorboard(Path(log_dir, "tb", *filter(None, [run_id])), config_dict)
