"""Runs ours and theirs in alternation and prints how many times faster ours is than the faster peer.

usage: python bench/compare.py [ROW...] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rows import ROWS

HERE = Path(__file__).parent
OURS = "ours.py"
PEERS = ("peer_sb3.py", "peer_tianshou.py")

Times = dict[str, list[float]]


def main() -> None:
    """Time the rows that were asked for, or all; print the table, store the numbers."""
    parser = argparse.ArgumentParser(description="Time training beside its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(ROWS)}; none: all of them")
    parser.add_argument("--rounds", type=int, default=3, help="how often each library runs each row, in alternation")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - ROWS.keys():
        parser.error(f"There is no row {', '.join(sorted(unknown))}; the rows are {', '.join(ROWS)}.")
    results = {name: timed(name, asked.rounds) for name in asked.rows or ROWS}
    print_table({name: summary(times) for name, times in results.items()})
    print(f"stored: {store(results)}")


def timed(row: str, rounds: int) -> Times:
    """Steps per second of each script, round by round."""
    times: Times = {script: [] for script in (OURS, *PEERS)}
    for number in range(1, rounds + 1):
        for script, series in times.items():
            series.append(steps_per_second(script, row))
        print(f"{row} {number}/{rounds}:", ", ".join(f"{script} {series[-1]:.0f}" for script, series in times.items()), flush=True)
    return times


def steps_per_second(script: str, row: str) -> float:
    """Run one script in a process of its own, on one thread."""
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    output = subprocess.run([sys.executable, str(HERE / script), row], env=one_thread, stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(json.loads(output.splitlines()[-1])["sps"])


def summary(times: Times) -> dict[str, float]:
    """Medians per library, and the median over the rounds of ours to the faster peer of that round."""
    ratios = [ours / max(peers) for ours, *peers in zip(times[OURS], *(times[peer] for peer in PEERS), strict=True)]
    return {**{script: median(series) for script, series in times.items()}, "ratio": median(ratios)}


def print_table(rows: dict[str, dict[str, float]]) -> None:
    """A table for people, in environment steps per second."""
    print(f"\n{'steps per second':<20}{'rlchassis':>12}{'sb3':>12}{'tianshou':>12}{'ratio to the faster':>22}")
    for name, row in rows.items():
        print(f"{name:<20}{row[OURS]:>12.0f}{row[PEERS[0]]:>12.0f}{row[PEERS[1]]:>12.0f}{row['ratio']:>22.2f}")


def store(results: dict[str, Times]) -> Path:
    """Write the numbers with what they were measured on; returns the file."""
    now = datetime.now(UTC)
    content: dict[str, Any] = {
        "time": now.isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version(), "processor": platform.machine(), "cpus": os.cpu_count()},
        "rows": {name: {"times": times, **summary(times)} for name, times in results.items()},
    }
    file = HERE / "results" / f"{now:%Y%m%d-%H%M%S}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
