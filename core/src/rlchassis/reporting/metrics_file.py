"""metrics.jsonl: the file of metrics that every run writes, and its reader."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rlchassis.config.limits import MOST_LINE_BYTES, MOST_METRICS_BYTES, MOST_ROWS, MOST_TAGS
from rlchassis.errors import StoredFileError
from rlchassis.reporting.loggers import Logger
from rlchassis.storage.files import METRICS_FILENAME, appending
from rlchassis.storage.reading import is_there, open_stored

log = logging.getLogger(__name__)
LARGEST = float(np.finfo(np.float32).max)


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
            stored, there = int(state["size"]), os.fstat(self._file.fileno()).st_size
            if there < stored:
                log.warning("%s has %d bytes, fewer than the %d of the checkpoint: rows were removed from it.", self._path, there, stored)
            self._file.truncate(min(stored, there))
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


def read_metrics(directory: Path) -> list[dict[str, float]]:
    """Read the rows of a run's metrics.jsonl; a truncated last line is skipped. StoredFileError if another line is damaged."""
    path = directory / METRICS_FILENAME
    if not is_there(path):
        raise StoredFileError(f"{directory} contains no {METRICS_FILENAME}; pass a run directory.")
    rows, tags = list[dict[str, float]](), dict[str, str]()
    with open_stored(path, MOST_METRICS_BYTES) as file:
        for line in iter(partial(file.readline, MOST_LINE_BYTES), b""):
            if line.endswith(b"\n") or len(line) == MOST_LINE_BYTES:
                rows.append(_row(line, tags, f"{path}, line {len(rows) + 1},"))
            if len(rows) > MOST_ROWS or len(tags) > MOST_TAGS:
                raise StoredFileError(f"{path} has more than {MOST_ROWS} lines or {MOST_TAGS} tags; remove some to read it.")
    return rows


def _row(line: bytes, tags: dict[str, str], source: str) -> dict[str, float]:
    """Decode a line; equal tags of all rows share one string, which bounds the memory of long runs."""
    try:
        row = {tags.setdefault(tag, tag): value for tag, value in json.loads(line.decode("utf-8")).items()}
        fits = row["step"] is not None and all(value is None or _finite(value) for value in row.values())
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise StoredFileError(f"{source} is damaged ({type(error).__name__}); restore it from a copy.") from error
    if not fits:
        raise StoredFileError(
            f"{source} contains something other than nulls and finite numbers up to ±{LARGEST:.1e}; restore it from a copy."
        )
    return row


def _finite(value: Any) -> bool:
    """Whether it is a number within the range of float32."""
    return type(value) in (int, float) and abs(value) <= LARGEST
