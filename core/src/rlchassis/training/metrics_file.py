"""metrics.jsonl: the file of metrics that every run writes."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path

from rlchassis.storage.files import METRICS_FILENAME, appending
from rlchassis.training.loggers import Logger

log = logging.getLogger(__name__)


class MetricsFile(Logger):
    """metrics.jsonl: one JSON object per line, {"step": …, tag: value, …}; a value that is no finite number is null.

    Lines that the disk refuses wait, and are written with the next; what is still waiting at the end is a problem.
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

    def close(self) -> None:
        """Write what waits, and close the file."""
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
                log.warning("%s cannot be written (%s); the run goes on, and its rows wait.", self._path, error.strerror or error)
            self.problem = f"rows of {self._path} are lost ({error.strerror or error})"
            return
        if self.problem is not None:
            log.info("%s is written again; no row is missing.", self._path)
        self.problem = None

    def _require_in_place(self) -> None:
        """FileNotFoundError where the file that is open is no longer the one of that name."""
        here, there = os.fstat(self._file.fileno()), self._path.stat()
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise FileNotFoundError(0, "it was replaced while the run went on")
