"""run.lock: marks a directory as in use by a run. The operating system releases the lock when the process ends."""

from __future__ import annotations

import json
import os
import platform
import stat
import time
from contextlib import suppress
from pathlib import Path

from attrs import define, field, frozen

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.files import LOCK_FILENAME, NO_LINK, make_writable
from rlchassis.storage.lock_file import is_at, is_free, open_lock_file, remove, try_lock
from rlchassis.storage.reading import is_there, read_bytes, read_json

ATTEMPTS, PAUSE = 20, 0.01
"""Attempts to lock, and seconds between them: a process that checks the lock holds it for a moment."""


@frozen
class Holder:
    """The process recorded in run.lock."""

    pid: int
    host: str
    is_gone: bool = field(default=False, eq=False)
    """Whether the lock is free; unknown for another host, since not every file system shares locks."""

    @classmethod
    def this_process(cls) -> Holder:
        """The current process."""
        return cls(os.getpid(), platform.node())

    def __str__(self) -> str:
        return f"process {self.pid} on host {self.host}"


@define(eq=False)
class RunLock:
    """Lock of a run directory."""

    directory: Path
    _descriptor: int | None = field(default=None, init=False)
    _owner: Holder = field(factory=Holder.this_process, init=False)

    @classmethod
    def acquire(cls, directory: Path) -> RunLock:
        """Lock a directory; UsageError, with process and host, if another run holds it."""
        lock = cls(directory)
        try:
            lock._descriptor = _create_locked(directory / LOCK_FILENAME)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=lock.release)  # a fork that lives on must not keep it
            os.write(lock._descriptor, json.dumps({"pid": lock._owner.pid, "host": lock._owner.host}).encode())
            make_writable(directory)
            return lock  # noqa: TRY300  within it, since Ctrl-C may strike
        except BaseException as error:
            lock.release()
            if not isinstance(error, OSError):
                raise
            raise UsageError(f"no run can be carried out in {directory} ({error.strerror}); choose another directory.") from error

    def release(self) -> None:
        """Release the lock; may be called again. In a fork, the parent keeps it."""
        try:
            self._give_back()
        finally:  # once more, where a signal has cut it short
            self._give_back()

    def _give_back(self) -> None:
        if self._descriptor is not None and self._owner == Holder.this_process():
            remove(self.directory / LOCK_FILENAME, self._descriptor)
        elif self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def read_holder(directory: Path) -> Holder | None:
    """Process recorded in the lock of a run directory, or None; StoredFileError if the file is damaged."""
    path = directory / LOCK_FILENAME
    if not is_there(path):
        return None
    try:
        if not read_bytes(path):
            return None
        data = read_json(path)
    except StoredFileError:
        if is_there(path):
            raise
        return None
    match data:
        case {"pid": int(pid), "host": str(host)} if 0 < pid < 2**31:
            return Holder(pid, host, is_gone=host == platform.node() and is_free(path))
    raise StoredFileError(f"{path} does not say whose it is; delete it if no run is going on there.")


def require_no_other_run(directory: Path) -> None:
    """UsageError, with process and host, if another process runs in a directory."""
    holder = _named(directory)
    if holder is not None and holder != Holder.this_process() and not holder.is_gone:
        raise UsageError(_refusal(directory, holder))


def _named(directory: Path) -> Holder | None:
    """The holder, unless the file is damaged."""
    with suppress(StoredFileError):
        return read_holder(directory)
    return None


def _refusal(directory: Path, holder: Holder | None) -> str:
    if holder is None:
        return f"another run has just begun in {directory}; wait for its end, or choose another directory."
    return (
        f"a run is going on in {directory}: {holder}; wait for its end, or choose another directory. "
        f"If that process is no such run, delete {LOCK_FILENAME}."
    )


def _create_locked(path: Path) -> int:
    """File descriptor of a new, locked file; an existing unlocked one is replaced, never written to."""
    for _ in range(ATTEMPTS):
        descriptor = None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_LINK, 0o666)
            if try_lock(descriptor, otherwise=True) and is_at(path, descriptor):
                return descriptor
            os.close(descriptor)
        except FileExistsError:
            _remove_leftover(path)
        except KeyboardInterrupt:
            _remove_leftover(path) if descriptor is None else remove(path, descriptor)
            raise
    raise UsageError(_refusal(path.parent, _named(path.parent)))


def _remove_leftover(path: Path) -> None:
    """Remove a lock file that no process of this host holds, or wait."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
            return
        flags = os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY  # some file systems lock only what is open for writing
        descriptor, holder = open_lock_file(path, flags), _named(path.parent)
        if try_lock(descriptor, otherwise=False) and (holder is None or holder.host == platform.node()):
            remove(path, descriptor)
            return
        os.close(descriptor)
    time.sleep(PAUSE)
