"""Kill worker processes and their children; as a program, once the supervisor has died. Imports the standard library only."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

VARIABLE = "RLCHASSIS_WORKERS"
"""Environment variable that holds a mark, and so marks every process that a worker starts, however far it went away."""
LOOKS, PAUSE = 100, 0.01


def end_processes(groups: Iterable[int], mark: str) -> None:
    """Kill process groups, then, where there is a /proc, whoever bears the mark; looks again for what was just being started."""
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for _ in range(LOOKS):
        bearers = _bearers(mark.encode())
        if not bearers:
            return
        for pid in bearers:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)


def _bearers(mark: bytes) -> list[int]:
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or is another user's
            if mark in (folder / "environ").read_bytes():
                pids.append(int(folder.name))
    return pids


def main() -> None:
    """Wait until standard input ends or the parent changes, whichever shows first that the supervisor is gone."""
    supervisor, mark, *groups = sys.argv[1:]
    while os.getppid() == int(supervisor) and not select.select([0], [], [], 1.0)[0]:
        pass
    end_processes(map(int, groups), mark)


if __name__ == "__main__":
    main()
