"""Prints how long `rlchassis train ppo CartPole-v1` takes to its first environment step, as a multiple of `import torch`.

usage: python bench/startup.py [--rounds 7]
Both are processes of their own, in alternation. Times are of the processor, so that a busy machine changes little; --clock: of the wall.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

TORCH = "import torch; import os; os._exit(0)"
FIRST_STEP = """
import os, sys
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from rlchassis.cli import main
CartPoleEnv.step = lambda *_: os._exit(0)
sys.exit(main(["train", "ppo", "CartPole-v1"]) or "no environment was stepped")
"""


def main() -> None:
    """Time both in alternation; print the medians and their ratio."""
    parser = argparse.ArgumentParser(description="Time from the command to the first environment step beside that of importing torch.")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is started")
    parser.add_argument("--clock", action="store_true", help="time on the wall instead of time of the processor")
    asked = parser.parse_args()
    taken = wall if asked.clock else busy
    times: dict[str, list[float]] = {TORCH: [], FIRST_STEP: []}
    for code in times:
        taken(code)  # fills the caches of files and bytecode
    for _ in range(asked.rounds):
        for code, series in times.items():
            series.append(taken(code))
    torch, first_step = (median(series) for series in times.values())
    ratios = sorted(ours / theirs for theirs, ours in zip(times[TORCH], times[FIRST_STEP], strict=True))
    print(f"import torch {torch:.2f} s, first step {first_step:.2f} s: ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def wall(code: str) -> float:
    """Seconds from the start of a process that runs this code to its end."""
    started = time.perf_counter()
    run(code)
    return time.perf_counter() - started


def busy(code: str) -> float:
    """Seconds of the processor that a process takes to run this code."""
    before = os.times()
    run(code)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def run(code: str) -> None:
    """In an interpreter of its own, on one thread, in a directory that is thrown away."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-c", code], cwd=directory, env=environment, stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
