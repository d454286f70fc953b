"""Prints which of all cells of the matrix resume bit for bit; with `kill N`, real processes are killed N times.

usage: python tests/resume [ALGORITHM…] | kill N
"""

from __future__ import annotations

import logging
import sys

from kills import kill
from matrix import ALGORITHMS, KINDS, MOMENTS, never_stopped, tried


def main(words: list[str]) -> int:
    """Print the table; returns how many cells fail."""
    logging.disable(logging.CRITICAL)
    if words[:1] == ["kill"]:
        return kill(int(words[1]) if words[1:] else 20)
    failed = total = 0
    print(f"{'':<14} {'':<14} {'   '.join(MOMENTS)}")
    for algorithm in words or ALGORITHMS:
        for kind in KINDS:
            expected = never_stopped(algorithm, kind)
            problems = {moment: tried(algorithm, kind, moment, expected) for moment in MOMENTS}
            marks = "   ".join(f"{'same' if problem is None else 'OTHER':<{len(moment)}}" for moment, problem in problems.items())
            print(f"{algorithm:<14} {kind:<14} {marks}", flush=True)
            for moment, problem in problems.items():
                total += 1
                failed += problem is not None
                if problem is not None:
                    print(f"    {moment}: {problem[:400]}")
    print(f"{total - failed} of {total} cells end with the bits of a run that was never stopped")
    return min(failed, 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
