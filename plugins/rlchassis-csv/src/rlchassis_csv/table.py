"""The file: rows are appended, and it is written anew where a column is added or rows are removed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rlchassis.api import Logger, write_atomically

STEP = "step"


class LoggerCsv(Logger):
    """Logger to a CSV file; a row is in the file as soon as it is logged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns, rows = _read(path)
        self._num_rows = len(rows)
        self._rewrite(rows)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Append a row; columns that are new come after the others."""
        new = [tag for tag in metrics if tag not in self._columns]
        if new:
            _, rows = _read(self._path)
            self._columns += new
            self._rewrite(rows)
        with self._path.open("r+b") as file:  # never a new file, which would have no header
            file.seek(0, io.SEEK_END)
            file.write(self._text([{**metrics, STEP: step}]).encode("utf-8"))
        self._num_rows += 1

    def state_dict(self) -> dict[str, Any]:
        """Number of rows, and the columns."""
        return {"rows": self._num_rows, "columns": list(self._columns)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remove rows and columns that were added after the checkpoint."""
        _, rows = _read(self._path)
        self._columns, self._num_rows = list(state["columns"]), min(int(state["rows"]), len(rows))
        self._rewrite(rows[: self._num_rows])

    def close(self) -> None:
        """Nothing: no file is left open between rows."""

    def _rewrite(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace the file, in one move."""
        text = self._text([dict(zip(self._columns, self._columns, strict=True)), *rows])
        write_atomically(self._path, lambda file: file.write(text.encode("utf-8")))

    def _text(self, rows: Iterable[Mapping[str, Any]]) -> str:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, self._columns, extrasaction="ignore", lineterminator="\n")
        writer.writerows(rows)
        return buffer.getvalue()


def _read(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of a file, without a last line that is cut short; ValueError for a file of another kind."""
    if not path.exists():
        return [STEP], []
    whole, _, _ = path.read_text("utf-8").rpartition("\n")
    reader = csv.DictReader(io.StringIO(whole, newline=""))
    columns = list(reader.fieldnames or [STEP])
    if columns[0] != STEP:
        raise ValueError(f"its first column is {columns[0]!r} instead of {STEP!r}")
    return columns, list(reader)
