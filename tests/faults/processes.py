"""Children that are forks of a process which has imported everything, so that a trial costs a fraction of a second; and what they leave.

A fork ends as a program does: exit functions run, an unhandled exception is printed, and Ctrl-C is the signal that it dies of.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

PR_SET_CHILD_SUBREAPER, CLONE_NEWNS, MNT_DETACH = 36, 0x20000, 2
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 0x4000, 1 << 18
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """A process that was started by a trial."""

    pid: int
    code: int | None = None
    """As subprocess has it: -9 where SIGKILL ended it."""

    def send(self, number: int) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def poll(self) -> int | None:
        """Its exit code, or None."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, seconds: float = 30.0) -> int:
        """Its exit code; AssertionError where it does not end in time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGABRT)  # faulthandler says where it was
                self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                raise AssertionError(f"it did not end within {seconds:g} s")
            time.sleep(0.002)
        assert self.code is not None
        return self.code


def forked(act: Callable[[], object], folder: Path, out: Path | str, err: Path | str) -> Child:
    """Does something in a session of its own; its exit code is what it returns, if that is a number."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        _live(act, folder, out, err)
    return Child(pid)


def _live(act: Callable[[], object], folder: Path, out: Path | str, err: Path | str) -> NoReturn:
    os.setsid()
    for number, (file, flags) in enumerate(
        [("/dev/null", os.O_RDONLY), *((each, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for each in (out, err))]
    ):
        handle = os.open(file, flags, 0o666)
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(folder)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder / "tmp"), None
    signal.alarm(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    code: object = 1
    try:
        code = act()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        traceback.print_exc()
        code = -signal.SIGINT
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
    _end(code if isinstance(code, int) else 0)


def _end(code: int) -> NoReturn:
    """As the interpreter does, but for taking itself apart, which costs a second."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        signal.raise_signal(-code)
    os._exit(code)


def adopt_orphans() -> None:
    """From now on processes whose parent ends are this one's children."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def mount(kind: str, place: Path, options: str = "", flags: int = 0) -> bool:
    """Mount a file system where that is allowed, for this process and its children alone."""
    return LIBC.mount(kind.encode(), str(place).encode(), kind.encode(), flags, options.encode() or None) == 0


def unmount(place: Path) -> None:
    """Undo it."""
    LIBC.umount2(str(place).encode(), MNT_DETACH)


def own_mounts() -> bool:
    """Let nobody else see what is mounted from now on; False where that is not allowed."""
    return LIBC.unshare(CLONE_NEWNS) == 0 and LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0


@functools.cache
def may_mount() -> bool:
    """Whether file systems can be mounted here, found out in a fork."""
    pid = os.fork()
    if not pid:
        os._exit(0 if own_mounts() and mount("tmpfs", Path("/mnt")) else 1)
    return os.waitpid(pid, 0)[1] == 0


def descendants() -> dict[int, str]:
    """All processes that come from this one, with their command; those that have just ended are laid to rest."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            parents[int(folder.name)] = int((folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
            names[int(folder.name)] = (folder / "cmdline").read_text("utf-8", "replace").replace("\0", " ")[:200]
    return {pid: names[pid] for pid in names if _comes_from(pid, os.getpid(), parents)}


def _comes_from(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while (pid := parents.get(pid, 0)) and pid != ancestor:
        pass
    return pid == ancestor
