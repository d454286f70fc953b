"""run.lock: that a run is going on in a directory, and which; made exclusively, removed at its end, taken over from one that is gone."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import asdict, define, field, frozen

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.files import LOCK_FILENAME, make_writable
from rlchassis.storage.reading import is_there, read_bytes, read_json


@frozen
class Holder:
    """A process, as told from all others on all hosts."""

    pid: int
    host: str
    started: int | None = None
    """When it began, by its host's clock of processes, where there is one to ask: numbers of processes come again."""

    @classmethod
    def this_process(cls) -> Holder:
        """The one that asks."""
        return cls(os.getpid(), platform.node(), _started(os.getpid()))

    @property
    def is_gone(self) -> bool:
        """Whether it surely runs no more; of another host nothing is sure."""
        return self.host == platform.node() and not (_runs(self.pid) and self.started == _started(self.pid))

    def __str__(self) -> str:
        return f"process {self.pid} on host {self.host}"


@define(eq=False)
class RunLock:
    """The right to write into a run directory."""

    directory: Path
    _held: bool = field(default=True, init=False)

    @classmethod
    def acquire(cls, directory: Path) -> RunLock:
        """Take it; UsageError, with process and host, where another run has it."""
        path = directory / LOCK_FILENAME
        try:
            with _one_at_a_time(directory):
                holder = read_holder(directory)
                if holder is not None and not holder.is_gone:
                    raise UsageError(_refusal(directory, holder))
                path.unlink(missing_ok=True)
                make_writable(directory)
                _write_exclusively(path, json.dumps(asdict(Holder.this_process())))
        except FileExistsError:
            raise UsageError(f"another run has just begun in {directory}; wait for its end, or choose another directory.") from None
        except OSError as error:
            raise UsageError(f"no run can be carried out in {directory} ({error.strerror}); choose another directory.") from error
        return cls(directory)

    def release(self) -> None:
        """Give it back, unless another process has it by now; may be called again."""
        if self._held:
            self._held = False
            with suppress(OSError, StoredFileError), _one_at_a_time(self.directory):  # it may be gone, or no longer ours to write
                if read_holder(self.directory) == Holder.this_process():
                    (self.directory / LOCK_FILENAME).unlink(missing_ok=True)


def _write_exclusively(path: Path, text: str) -> None:
    """All of it in a file that was not there, or no file."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            path.unlink()
            raise


def read_holder(directory: Path) -> Holder | None:
    """Who holds the lock of a run directory, whether or not it is gone; nobody an empty one; StoredFileError where it is damaged."""
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
        case {"pid": int(pid), "host": str(host), "started": int() | None as started} if 0 < pid < 2**31:
            return Holder(pid, host, started)
    raise StoredFileError(f"{path} does not say whose it is; delete it if no run is going on there.")


def require_no_other_run(directory: Path) -> None:
    """UsageError, with process and host, where another process runs in a directory."""
    holder = read_holder(directory)
    if holder is not None and holder != Holder.this_process() and not holder.is_gone:
        raise UsageError(_refusal(directory, holder))


def _refusal(directory: Path, holder: Holder) -> str:
    return (
        f"a run is going on in {directory}: {holder}; wait for its end, or choose another directory. "
        f"If that process is no such run, delete {LOCK_FILENAME}."
    )


@contextmanager
def _one_at_a_time(directory: Path) -> Iterator[None]:
    """Within it no other process looks at the lock, where the system can see to that; else exclusive creation alone decides."""
    try:
        import fcntl
    except ImportError:  # as on Windows
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # where asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> int | None:
    """Ticks from the start of the host to that of the process; None where the system does not tell."""
    try:
        told: list[Any] = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return int(told[19])
    except (OSError, ValueError, IndexError):
        return None
