"""Reading files of a run directory: regular files only, within size limits, without following links out of it. Writing is in files.py."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, NoReturn

from rlchassis.config.limits import DEEPEST, MOST_CONFIGURATION_BYTES, MOST_CONFIGURATION_VALUES
from rlchassis.errors import StoredFileError
from rlchassis.storage.files import NO_LINK, NO_WAITING


def is_there(path: Path) -> bool:
    """Whether the path exists, also as a broken link."""
    return os.path.lexists(path)


def open_stored(path: Path, most: int) -> IO[bytes]:
    """Open a file for reading; StoredFileError if it is missing, not regular, a link out of its directory, or larger than `most` bytes."""
    try:
        target = path.resolve(strict=True)
        if not target.is_relative_to(path.parent.resolve()):
            raise StoredFileError(f"{path} is a link that leads out of its directory, and was not opened; put a copy of the file there.")
        file = _open_regular(target)
    except StoredFileError:
        raise
    except (OSError, ValueError, RuntimeError) as error:  # a name with a zero byte, a link to itself
        reason = getattr(error, "strerror", None) or str(error)
        raise StoredFileError(f"{path} cannot be read ({reason}); is this the directory of a run?") from error
    if os.fstat(file.fileno()).st_size > most:
        file.close()
        raise StoredFileError(f"{path} is larger than {most} bytes, which none of rlchassis is; it was not opened.")
    return file


def _open_regular(target: Path) -> IO[bytes]:
    """Open a regular file, checked before opening, which can affect devices, and after; OSError for anything else."""
    if stat.S_ISREG(target.lstat().st_mode):
        file = os.fdopen(os.open(target, os.O_RDONLY | NO_LINK | NO_WAITING), "rb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file
        file.close()
    raise OSError(None, "it is no regular file")


def read_bytes(path: Path, most: int = MOST_CONFIGURATION_BYTES) -> bytes:
    """Read a file; StoredFileError if it cannot be read or is larger than `most` bytes."""
    with open_stored(path, most) as file:
        return file.read(most)


def read_json(path: Path) -> Any:
    """Read JSON; StoredFileError if it is missing, too large or damaged."""
    try:
        return parse_json(read_bytes(path).decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise StoredFileError(f"{path} is not text; restore it from a copy.") from error


def parse_json(text: str, source: str, most: int = MOST_CONFIGURATION_VALUES) -> Any:
    """Parse JSON of at most `most` values; StoredFileError, with the source, if it is damaged, larger or nested too deeply."""
    if sum(map(text.count, ",[{")) > most:
        raise StoredFileError(f"{source} holds more than {most} values, which none of rlchassis does; restore it from a copy.")
    try:
        data = json.loads(text, parse_float=_finite, parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise StoredFileError(f"{source} is damaged ({error}); restore it from a copy.") from error
    if is_too_deep(data):
        raise StoredFileError(f"{source} is nested too deeply, by more than {DEEPEST} levels; restore it from a copy.")
    return data


def _finite(text: str) -> float:
    """Parse a float; reject overflow such as 1e999, which Python reads as infinity."""
    number = float(text)
    return number if math.isfinite(number) else _refuse_constant(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Reject duplicate keys, which readers resolve differently."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key stands twice in one place")
    return fields


def is_too_deep(data: Any) -> bool:
    """Whether lists and dicts are nested deeper than the limit for configurations."""
    level = [data]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each) if isinstance(part, dict | list | tuple)]
        if not level:
            return False
    return True


def _parts(data: Any) -> Iterable[Any]:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, list | tuple) else ()
