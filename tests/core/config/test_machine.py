from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlchassis.config import machine


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A function that writes the files of /proc and of control groups; there are no others."""
    monkeypatch.setattr(machine, "PROC", tmp_path / "proc")
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 4, 6}, raising=False)

    def written(**texts: str) -> None:
        for name, text in texts.items():
            path = Path(tmp_path, name.replace("__", "/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return written


def test_cpus_are_those_that_the_process_may_run_on(files):
    assert machine.usable_cpus() == 4


def test_python_itself_may_know_how_many_cpus_there_are(files, monkeypatch):
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    assert machine.usable_cpus() == 3


def test_without_affinity_every_cpu_counts(files, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert machine.usable_cpus() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.usable_cpus() == 1


@pytest.mark.parametrize(
    ("quota", "cpus"), [("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("max 100000", 4), ("what", 4)]
)
def test_a_quota_of_the_container_limits_the_cpus(files, quota, cpus):
    files(proc__self__cgroup="0::/\n", **{"cgroup__cpu.max": f"{quota}\n"})
    assert machine.usable_cpus() == cpus


def test_a_quota_of_a_group_around_limits_the_cpus_too(files):
    files(proc__self__cgroup="0::/job/step\n", **{"cgroup__job__cpu.max": "100000 100000\n", "cgroup__job__step__cpu.max": "max 100000\n"})
    assert machine.usable_cpus() == 1


@pytest.mark.parametrize(("quota", "cpus"), [("300000", 3), ("-1", 4)])
def test_control_groups_of_the_first_version_limit_the_cpus_too(files, quota, cpus):
    files(
        proc__self__cgroup="7:memory:/\n3:cpu,cpuacct:/docker/1\n",
        **{"cgroup__cpu,cpuacct__cpu.cfs_quota_us": quota, "cgroup__cpu,cpuacct__cpu.cfs_period_us": "100000"},
    )
    assert machine.usable_cpus() == cpus


def test_free_memory_is_what_the_system_says_is_available(files):
    files(proc__meminfo="MemTotal:       2000 kB\nMemFree:   1 kB\nMemAvailable:    1000 kB\n")
    assert machine.free_memory() == 1000 * 1024


def test_a_limit_of_the_container_counts_less_what_is_used_but_for_cached_files(files):
    files(
        proc__meminfo="MemAvailable: 1000 kB\n",
        proc__self__cgroup="0::/\n",
        **{"cgroup__memory.max": "600000", "cgroup__memory.current": "500000", "cgroup__memory.stat": "anon 1\ninactive_file 50000\n"},
    )
    assert machine.free_memory() == 600_000 - 500_000 + 50_000


def test_a_limit_of_the_first_version_counts_too(files):
    files(
        proc__meminfo="MemAvailable: 1000 kB\n",
        proc__self__cgroup="4:memory:/job\n",
        **{"cgroup__memory__job__memory.limit_in_bytes": "700", "cgroup__memory__job__memory.usage_in_bytes": "900"},
    )
    assert machine.free_memory() == 0


def test_a_container_without_a_limit_has_the_memory_of_the_machine(files):
    files(proc__meminfo="MemAvailable: 3 kB\n", proc__self__cgroup="0::/\n", **{"cgroup__memory.max": "max", "cgroup__memory.current": "1"})
    assert machine.free_memory() == 3072


def test_elsewhere_all_memory_counts_as_free_or_is_unknown(files, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10}.__getitem__, raising=False)
    assert machine.free_memory() == 40_960
    monkeypatch.delattr(os, "sysconf")
    assert machine.free_memory() is None
