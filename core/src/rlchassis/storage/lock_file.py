"""Lock files: opened without following links, locked by the operating system, removed while locked."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from rlchassis.storage.files import NO_LINK, NO_WAITING


def is_free(path: Path) -> bool:
    """Whether the file is not locked, or does not exist."""
    try:
        descriptor = open_lock_file(path)
    except OSError:
        return not os.path.lexists(path)
    try:
        return try_lock(descriptor, otherwise=False)
    finally:
        os.close(descriptor)


def open_lock_file(path: Path, flags: int = os.O_RDONLY) -> int:
    """File descriptor of an existing lock file."""
    return os.open(path, flags | NO_LINK | NO_WAITING)


def try_lock(descriptor: int, *, otherwise: bool) -> bool:
    """Try to lock without waiting; `otherwise` is returned if the file system does not support locks."""
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return otherwise


def is_at(path: Path, descriptor: int) -> bool:
    """Whether the path still refers to the file of this descriptor."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def remove(path: Path, descriptor: int) -> None:
    """Remove the file, unless it was replaced, and unlock it, also for copies of the descriptor in forks."""
    with suppress(OSError):
        if is_at(path, descriptor):
            path.unlink()
    with suppress(OSError):
        unlock_descriptor(descriptor)
    with suppress(OSError):  # a signal may have cut short a removal before
        os.close(descriptor)
    if os.name == "nt":  # where an open file cannot be removed
        with suppress(OSError):
            path.unlink()
