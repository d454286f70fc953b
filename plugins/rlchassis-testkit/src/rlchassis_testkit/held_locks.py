"""Locks of run directories that another process holds."""

from __future__ import annotations

HOLD = """
import sys
from pathlib import Path
from rlchassis.storage.run_lock import RunLock
lock = RunLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
lock.release()
"""
"""Code that holds the lock of the directory in its argument, says so, and releases it once a line reaches it."""
