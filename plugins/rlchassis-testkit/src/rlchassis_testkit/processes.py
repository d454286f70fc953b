"""Checks of running processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path


def python_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that runs code, with pipes to and from it."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def exists(pid: int) -> bool:
    """Whether a process exists."""
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else subprocess.run(["ps", "-p", str(pid)], check=False).returncode == 0


def gone_within(pids: list[int], seconds: float) -> bool:
    """Whether all of these processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(map(exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(exists, pids))
