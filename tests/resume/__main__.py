"""Prints which of all cells of the matrix resume bit for bit; with `kill N`, real processes are killed N times;
with `trained-on`, finished runs are trained on; with `restored`, new runs begin with their policies.

usage: python tests/resume [ALGORITHM…] [in-process] [workers] [native] [variants] | kill N | trained-on | restored
"""

from __future__ import annotations

import logging
import sys

from kills import kill
from matrix import AFTER, ALGORITHMS, KINDS, differs, experiment, never_stopped, tried, variants
from restored import restored
from trained_on import trained_on

from rlchassis.experiment import Experiment
from rlchassis_testkit.resuming import MOMENTS, Stop


def main(words: list[str]) -> int:
    """Print the tables; returns how many cells fail."""
    logging.disable(logging.CRITICAL)
    if words[:1] == ["kill"]:
        return kill(int(words[1]) if words[1:] else 20)
    if words == ["trained-on"]:
        return trained_on()
    if words == ["restored"]:
        return restored()
    print(f"{'':<52} {'   '.join(MOMENTS)}")
    kinds = [kind for kind in KINDS if kind.split()[0] in words] or KINDS
    chosen = [word for word in words if word in ALGORITHMS] or ([] if "variants" in words else ALGORITHMS)
    rows = [row(algorithm, kind) for algorithm in chosen for kind in kinds]
    if not words or "variants" in words:
        rows += [variant(name, experiment) for name, experiment in variants().items()]
    same, total = (sum(numbers) for numbers in zip(*rows, strict=True))
    print(f"{same} of {total} cells end with the bits of a run that was never stopped")
    return min(total - same, 100)


def row(algorithm: str, kind: str) -> tuple[int, int]:
    """Try an algorithm in a kind of environment at every moment; returns how many are the same, of how many."""
    expected = never_stopped(experiment(algorithm, kind))
    return shown(f"{algorithm}, {kind}", {moment: tried(algorithm, kind, moment, expected) for moment in MOMENTS})


def variant(name: str, planned: Experiment) -> tuple[int, int]:
    """Try one run at every moment."""
    expected = never_stopped(planned)
    return shown(name, {moment: differs(planned, Stop(moment, AFTER[moment]), expected) for moment in MOMENTS})


def shown(name: str, problems: dict[str, str | None]) -> tuple[int, int]:
    """Print a row, and what is wrong below it."""
    marks = "   ".join(f"{'same' if problem is None else 'OTHER':<{len(moment)}}" for moment, problem in problems.items())
    same = sum(problem is None for problem in problems.values())
    print(f"{name:<52} {marks}   {same} of {len(problems)}", flush=True)
    for moment, problem in problems.items():
        if problem is not None:
            print(f"    {moment}: {problem[:400]}")
    return same, len(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
