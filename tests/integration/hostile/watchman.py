"""Sees what an opened file makes the process do: an audit hook, and how long and how much memory it takes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CODE = ("exec", "compile", "import", "ctypes.dlopen", "marshal.loads")
COMMANDS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn", "socket.connect")
CHANGES = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.utime",
    "shutil.rmtree",
)
OWN_PROCESS = ("ctypes.dlopen", (None,))
"""A library is looked for in what is loaded already."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
SECONDS, SLACK, BYTES = 5.0, 60.0, 2**30
"""Of the processor that one opening may take, of the clock before it hangs, and memory beyond what there was."""


class HangError(BaseException):
    """It took too long; nothing in between may take this for an error of its own."""


class Watchman:
    """Notes what happens within `on_duty`."""

    def __init__(self) -> None:
        self._awake = False
        self._permitted: tuple[str, ...] = ()
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._awake or event not in (*CODE, *COMMANDS, *CHANGES, "open") or (event, arguments) == OWN_PROCESS:
            return
        self._awake = False
        if event != "open" or _writes(*arguments):
            name = Path(str(arguments[0])).name if arguments else ""
            if event in COMMANDS or not name.startswith(self._permitted or ("\0",)):
                self.seen.append(f"{event} {arguments!r}"[:300])
        self._awake = True

    @contextlib.contextmanager
    def on_duty(self, *permitted: str) -> Iterator[list[str]]:
        """Within it everything is noted but files written whose names begin as permitted."""
        self.seen, self._permitted, self._awake = [], permitted, True
        try:
            yield self.seen
        finally:
            self._awake = False


def _writes(path: Any, mode: Any, flags: Any) -> bool:
    """What was opened already has a number for a path."""
    return not isinstance(path, int) and bool(set(mode or "") & set("wxa+") or (flags or 0) & WRITING)


@contextlib.contextmanager
def measured(costs: list[str]) -> Iterator[None]:
    """Notes what cost too much of processor, clock or memory."""
    before, started = _memory("VmRSS"), time.process_time()
    _forget_peak()
    for timer, seconds in ((signal.ITIMER_VIRTUAL, 2 * SECONDS), (signal.ITIMER_REAL, SLACK)):
        signal.setitimer(timer, seconds)
    try:
        yield
    except HangError:
        costs.append("it hung")
    finally:
        for timer in (signal.ITIMER_VIRTUAL, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
    if time.process_time() - started > SECONDS:
        costs.append(f"{time.process_time() - started:.0f} s of the processor")
    if _memory("VmHWM") - before > BYTES:
        costs.append(f"{(_memory('VmHWM') - before) / 2**30:.1f} GiB")


def hang_loudly() -> None:
    """Let the timers raise."""

    def ring(number: int, frame: Any) -> None:
        raise HangError

    for number in (signal.SIGVTALRM, signal.SIGALRM):
        signal.signal(number, ring)


def _memory(what: str) -> int:
    """Bytes, where the system tells."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("utf-8").splitlines():
            if line.startswith(what):
                return int(line.split()[1]) * 1024
    return 0


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "utf-8")
