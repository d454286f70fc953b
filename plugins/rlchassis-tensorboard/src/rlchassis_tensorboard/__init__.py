"""TensorBoard event files, the default logger of rlchassis; TensorBoard itself is imported when the first event is written."""

from __future__ import annotations

import itertools
import logging
import math
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rlchassis.api import Logger, UsageError
from rlchassis_toolkit import StandardLoggerFactory

if TYPE_CHECKING:
    from rlchassis_tensorboard.events import Events

log = logging.getLogger("rlchassis.loggers")  # below the one whose messages log.txt and the command line show
GIF = b"GIF8"
"""First bytes of a GIF file."""
_count = itertools.count()


class LoggerTensorboard(Logger):
    """Logger that writes scalars to a new event file; TensorBoard shows all event files of a directory as one run.

    Writes are synchronous, so that a full disk raises an error in the caller; TensorBoard's own writer uses a thread.
    """

    def __init__(self, directory: Path, configuration: Mapping[str, Any]) -> None:
        path = directory / f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{next(_count)}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}); choose another directory, or another logger.") from error
        self._configuration = configuration
        self._events: Events | None = None
        self._has_warned = False

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Write one event with a value per tag."""
        self._begun().write_scalars(metrics, step)

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Write a histogram of the values that are finite."""
        self._begun().write_histogram(tag, [value for value in values if math.isfinite(value)], step)

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Write a GIF file as a moving image; other formats are not shown by TensorBoard, and are left out after a warning."""
        content = Path(file).read_bytes()
        if content.startswith(GIF):
            self._begun().write_gif(tag, content, step)
        elif not self._has_warned:
            self._has_warned = True
            log.warning("TensorBoard shows GIF files only, so %s is left out; record with format=gif.", file)

    def state_dict(self) -> dict[str, Any]:
        """Sizes of all event files of the directory."""
        return {"sizes": {file.name: file.stat().st_size for file in self._files()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Cut the event files of before to the sizes that they had at the checkpoint; remove those that began after it."""
        for file in self._files():
            size = state.get("sizes", {}).get(file.name)
            if file.name == Path(self._file.name).name:
                continue
            if size is None:
                file.unlink()
            elif file.stat().st_size > size:
                os.truncate(file, size)

    def _files(self) -> list[Path]:
        return [file for file in Path(self._file.name).parent.glob("events.out.tfevents.*") if file.is_file() and not file.is_symlink()]

    def close(self) -> None:
        """Close the file, after writing the configuration if nothing was logged."""
        if not self._file.closed:
            self._begun()
        self._file.close()

    def _begun(self) -> Events:
        """The event writer; the first call writes the header and the configuration."""
        if self._events is None:
            from rlchassis_tensorboard.events import Events

            self._events = Events(self._file)
            self._events.write_configuration(self._configuration)
        return self._events


@frozen
class LoggerFactoryTensorboard(StandardLoggerFactory):
    """Factory of TensorBoard loggers: event files in the folder tb of the run directory."""

    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create a logger with a new event file in tb, or in tb/<run_id> with a run_id, where earlier runs with that id have theirs."""
        return LoggerTensorboard(Path(log_dir, "tb", *filter(None, [run_id])), config_dict)
