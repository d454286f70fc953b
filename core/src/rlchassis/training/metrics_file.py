"""metrics.jsonl: the file of metrics that every run writes."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlchassis.storage.files import METRICS_FILENAME, appending
from rlchassis.training.loggers import Logger

log = logging.getLogger(__name__)


class MetricsFile(Logger):
    """Logger to metrics.jsonl: one JSON object per line, {"step": …, tag: value, …}; non-finite values are null.

    Lines that cannot be written are buffered and retried with the next one; any left at the end make the run fail.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / METRICS_FILENAME
        self._file = os.fdopen(appending(self._path), "ab", buffering=0)
        self._waiting = b""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Append a line."""
        row = {tag: value if math.isfinite(value) else None for tag, value in metrics.items()}
        self._waiting += (json.dumps({"step": step, **row}) + "\n").encode()
        self._write()

    def state_dict(self) -> dict[str, Any]:
        """Size of the file, and lines that are not written yet."""
        return {"size": os.fstat(self._file.fileno()).st_size, "waiting": self._waiting.decode()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remove lines that were written after the checkpoint."""
        if state:
            self._file.truncate(min(int(state["size"]), os.fstat(self._file.fileno()).st_size))
            self._waiting = str(state["waiting"]).encode()

    def close(self) -> None:
        """Write buffered lines, and close the file."""
        if not self._file.closed:
            self._write()
            self._file.close()

    def _write(self) -> None:
        try:
            self._require_in_place()
            while self._waiting:
                self._waiting = self._waiting[self._file.write(self._waiting) :]
        except OSError as error:
            if self.problem is None:
                log.warning("%s cannot be written (%s); the run continues, and its rows are buffered.", self._path, error.strerror or error)
            self.problem = f"rows of {self._path} are lost ({error.strerror or error})"
            return
        if self.problem is not None:
            log.info("%s can be written again; no row is lost.", self._path)
        self.problem = None

    def _require_in_place(self) -> None:
        """FileNotFoundError if the open file is no longer the one at its path."""
        here, there = os.fstat(self._file.fileno()), self._path.stat()
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise FileNotFoundError(0, "it was replaced during the run")
