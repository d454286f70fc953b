"""Writing files of a run directory: atomically, and without following links in it. Reading is in reading.py.

Links to the run directory itself are followed: the user chose its path, but its content may come from others.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from rlchassis.errors import UsageError

EXPERIMENT_FILENAME = "experiment.json"
EXPERIMENT_PICKLE_FILENAME = "experiment.pkl"
POLICY_FILENAME = "policy.pt"
PROVENANCE_FILENAME = "provenance.json"
LOG_FILENAME = "log.txt"
METRICS_FILENAME = "metrics.jsonl"
LOCK_FILENAME = "run.lock"
_OWN = (
    EXPERIMENT_FILENAME,
    EXPERIMENT_PICKLE_FILENAME,
    POLICY_FILENAME,
    PROVENANCE_FILENAME,
    LOG_FILENAME,
    METRICS_FILENAME,
    LOCK_FILENAME,
)
_LEFTOVER = re.compile(r"\..+\.[0-9a-f]+\.new")
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a temporary file in the same directory, then move it to the path; a link at the path is replaced, not followed.

    An OSError has the path as its filename.
    """
    try:
        _replace(path, write)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    with _opened(path.parent) as folder:
        place = _at(path, folder)
        beside = _at(path.with_name(f".{path.name[:40]}.{os.urandom(8).hex()}.new"), folder)
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o666, dir_fd=folder)
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException as error:
            with suppress(OSError):
                if not isinstance(error, FileExistsError):  # else it is another's
                    os.unlink(beside, dir_fd=folder)
            raise


def write_json(path: Path, data: Any) -> None:
    """Write data as indented JSON."""
    text = json.dumps(data, indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode("utf-8")))


def appending(path: Path) -> int:
    """File descriptor for appending; links, pipes and devices are replaced by a new file, hard-linked files by a copy."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            path.unlink()
        elif found.st_nlink > 1:
            content = path.read_bytes()
            write_atomically(path, lambda file: file.write(content))
    with _opened(path.parent) as folder:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_LINK | NO_WAITING
        return os.open(_at(path, folder), flags, 0o666, dir_fd=folder)


def make_writable(directory: Path) -> None:
    """Prepare a directory for a run: remove temporary files of crashed runs; UsageError for a link that leads out of it."""
    inside = directory.resolve()
    for folder, names, files in os.walk(directory):
        for path in (Path(folder, name) for name in (*names, *files)):
            if path.name in files and _LEFTOVER.fullmatch(path.name):
                path.unlink()
            elif path.is_symlink() and path.name not in _OWN and not Path(os.path.realpath(path)).is_relative_to(inside):
                raise UsageError(f"{path} is a link that leads out of the directory that a run is to write into; remove it.")


@contextmanager
def _opened(directory: Path) -> Iterator[int | None]:
    """Context with a file descriptor of a directory, which is unaffected by renames; None if the system does not support it."""
    if not {os.open, os.rename, os.unlink} <= os.supports_dir_fd:
        yield None
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _at(path: Path, folder: int | None) -> str:
    """Path for system calls: the name relative to the directory's descriptor, if there is one."""
    return str(path) if folder is None else path.name
