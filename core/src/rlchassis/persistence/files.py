"""How files of a run directory are written, so that a crash leaves the old one or the new one and never half of either."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, NoReturn

from rlchassis.errors import StoredFileError

EXPERIMENT_FILENAME = "experiment.json"
EXPERIMENT_PICKLE_FILENAME = "experiment.pkl"
POLICY_FILENAME = "policy.pt"
PROVENANCE_FILENAME = "provenance.json"
LOG_FILENAME = "log.txt"
MAX_BYTES = 16 * 2**20
DEEPEST = 100
"""Lists and dicts in one another that a recipe may have."""


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file beside its place, then move it there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write data as indented JSON."""
    text = json.dumps(data, indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode("utf-8")))


def read_json(path: Path) -> Any:
    """Read JSON; StoredFileError where it is missing, too large or damaged."""
    try:
        return parse_json(read_bytes(path).decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise StoredFileError(f"{path} is not text; restore it from a copy.") from error


def read_bytes(path: Path) -> bytes:
    """The content of a file; StoredFileError where it is missing or larger than any recipe."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StoredFileError(f"{path} is larger than any file rlchassis writes there; it was not opened.")
        return path.read_bytes()
    except OSError as error:
        raise StoredFileError(f"{path} cannot be read ({error.strerror}); is this the directory of a run?") from error


def parse_json(text: str, source: str) -> Any:
    """Parse JSON text; StoredFileError, naming the source, where it is damaged."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise StoredFileError(f"{source} is damaged ({error}); restore it from a copy.") from error


def _finite(text: str) -> float:
    """Python would read 1e999 as an infinity."""
    number = float(text)
    return number if math.isfinite(number) else _refuse_constant(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of one file could otherwise believe two things."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key stands twice in one place")
    return fields


def is_too_deep(data: Any) -> bool:
    """Whether data holds lists and dicts in one another as deeply as no recipe does; Python's own limit is anybody's to move."""
    level = [data]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return True


def _parts(data: Any) -> Iterable[Any]:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, list | tuple) else ()
