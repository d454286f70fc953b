"""CPUs and memory that this process may use, within the limits of its control groups (containers) where they can be read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


def usable_cpus() -> int:
    """CPUs that this process may run on: its affinity, and the CPU quota of its control groups rounded up."""
    return min([_allowed_cpus(), *(math.ceil(quota) for quota in _cpu_quotas())])


def free_memory() -> int | None:
    """Bytes that this process can still allocate without swapping, or the machine's total memory; None if neither is known."""
    return min([*_memory_of_the_machine(), *_memory_of_groups()], default=None)


def _allowed_cpus() -> int:
    if hasattr(os, "process_cpu_count"):  # since Python 3.13
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_quotas() -> Iterator[float]:
    for group in _groups("cpu"):
        limit = _numbers(group / "cpu.max") or _numbers(group / "cpu.cfs_quota_us") + _numbers(group / "cpu.cfs_period_us")
        if len(limit) == 2 and min(limit) > 0:
            yield limit[0] / limit[1]


def _memory_of_the_machine() -> Iterator[int]:
    known = _table(PROC / "meminfo").get("MemAvailable:")
    if known is not None:
        yield known * 1024
        return
    with suppress(AttributeError, ValueError, OSError):
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _memory_of_groups() -> Iterator[int]:
    """Memory limits minus usage; the page cache does not count as usage, since the kernel drops it first."""
    for group in _groups("memory"):
        statistics = _table(group / "memory.stat")
        for limit, usage, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            figures = _numbers(group / limit) + _numbers(group / usage)
            if len(figures) == 2:
                yield max(0, figures[0] - figures[1] + statistics.get(cached, 0))


def _groups(controller: str) -> Iterator[Path]:
    """Directories of this process's control groups and their parents, cgroup v1 or v2; some may not exist."""
    for line in _lines(PROC / "self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            root = CGROUPS / controllers
            inner = root / path.lstrip("/")
            yield from (group for group in (inner, *inner.parents) if group.is_relative_to(root))


def _table(file: Path) -> dict[str, int]:
    """Lines of the form "name number" as a dict."""
    words = [line.split() for line in _lines(file)]
    return {each[0]: int(each[1]) for each in words if len(each) > 1 and each[1].isdecimal()}


def _numbers(file: Path) -> list[int]:
    """Whole numbers in a file; empty if it contains "max" or is not readable."""
    with suppress(ValueError):
        return [int(word) for line in _lines(file) for word in line.split()]
    return []


def _lines(file: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").splitlines()
    return []
