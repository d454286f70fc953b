"""Finished runs that are trained on: the tests after `resume --steps` beside those before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

SEEDS = (11, 12)
TASK, PLANNED, MORE = "Pendulum-v1", 15_000, 5_000
EPISODES = 200
"""Of one test: the mean return of ten start states varies by a fifth, of fifty by eleven."""
CHANGED = {"sampling.step_per_epoch": 1000, "sampling.num_test_episodes": EPISODES, "config.watch": "false"}
SETTINGS = [word for name, value in CHANGED.items() for word in ("--set", f"{name}={value}")]
LEVEL = 5
"""Tests before the end whose mean is the level before: one test is off by six."""
SHARE = 0.9
"""What is kept of the level before; returns are negative, so the worst test may be as low as level / SHARE."""


def trained_on() -> int:
    """Print a row for each run; returns how many fell."""
    print(f"{'':<12}{'before':>12}{'worst after':>14}{'last':>10}{'at least':>10}   tests after the run was resumed")
    return sum(_fell(algorithm, seed) for algorithm in ("sac", "td3") for seed in SEEDS)


def _fell(algorithm: str, seed: int) -> bool:
    with TemporaryDirectory() as folder:
        run = Path(folder, "run")
        command("train", algorithm, TASK, "--steps", PLANNED, "--seed", seed, "--dir", folder, "--name", "run", *SETTINGS)
        before = fmean(_tests(run)[-LEVEL:])
        command("resume", run, "--steps", PLANNED + MORE)
        after = [score for step, score in scores(run) if step > PLANNED]
    least, name = before / SHARE, f"{algorithm}, {seed}"
    print(
        f"{name:<12}{before:>12.1f}{min(after):>14.1f}{after[-1]:>10.1f}{least:>10.1f}   {' '.join(f'{each:.0f}' for each in after)}",
        flush=True,
    )
    return min(after) < least


def _tests(run: Path) -> list[float]:
    return [score for _, score in scores(run)]


def scores(run: Path) -> list[tuple[int, float]]:
    """Environment step and mean return of each test."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    return [(row["step"], row["test/return"]) for row in rows if "test/return" in row]


def command(*words: object) -> None:
    """Run a command of the command line; RuntimeError, with what it said, if it fails."""
    done = subprocess.run([sys.executable, "-m", "rlchassis", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`rlchassis {words[0]}` ended with code {done.returncode}: {done.stderr[-1000:]}")
