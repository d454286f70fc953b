"""Trains tasks and prints the scores of all their tests: `nox -s tasks -- maze-20-ppo goals`.

usage: python -m tools.tasks [NAME...] [--seeds N...]; a name is that of a task, or how the names of several begin; without one all are
run, which takes hours. `--list` shows the names. The exit status is 1 where a task was not solved, or one without its feature was.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tools.tasks import actions, goals, masks, memory, networks, wrappers
from tools.tasks.task import Task

TASKS: dict[str, Task] = {**memory.TASKS, **actions.TASKS, **masks.TASKS, **goals.TASKS, **networks.TASKS, **wrappers.TASKS}


def main() -> None:
    """Run the tasks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tools.tasks")
    parser.add_argument("names", nargs="*", metavar="NAME", default=[""])
    parser.add_argument("--seeds", nargs="+", type=int, help="other seeds than those of the tasks")
    parser.add_argument("--list", action="store_true", help="show the names of all tasks")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if not chosen(name)]:
        sys.exit(f"There is no task {', '.join(unknown)}; there are {', '.join(TASKS)}.")
    if asked.list:
        print(*TASKS, sep="\n")
        return
    logging.disable(logging.WARNING)
    names = dict.fromkeys(name for begun in asked.names for name in chosen(begun))
    as_expected = [shown(name, TASKS[name], asked.seeds or TASKS[name].seeds) for name in names]
    sys.exit(not all(as_expected))


def chosen(begun: str) -> list[str]:
    """The task of this name, or those whose names begin so."""
    return [begun] if begun in TASKS else [name for name in TASKS if name.startswith(begun)]


def shown(name: str, task: Task, seeds: tuple[int, ...]) -> bool:
    """Run a task with each seed and print its scores; whether it came out as expected."""
    solved = 0
    for seed in seeds:
        began = time.process_time()
        scores = task.scores(seed)
        is_solved = task.judged(scores) >= task.enough
        solved += is_solved
        numbers = " ".join(f"{score:.2f}" for score in scores)
        print(f"{name}, seed {seed}: {numbers} ({time.process_time() - began:.0f} s of CPU)", flush=True)
    wanted = {True: f", expected {len(seeds)}", False: ", expected 0", None: ""}[task.solvable]
    note = f"; {task.note}" if task.note else ""
    print(f"{name}: {solved} of {len(seeds)} seeds reach {task.enough:g}{wanted}{note}\n", flush=True)
    return task.solvable is None or solved == (len(seeds) if task.solvable else 0)


if __name__ == "__main__":
    main()
