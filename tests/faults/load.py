"""A sample of all that goes wrong, with busy loops beside it that leave it little of the machine: nothing depends on being quick."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial

import concurrency
import leaving
import signals
import workers
from trials import Place, Trial

FAMILY = "load"
LOOPS = 2


def trials(*, quick: bool) -> Iterator[Trial]:
    """Of each family that measures time or races."""
    chosen = [
        *list(signals.trials(quick=True))[:: 12 if quick else 4],
        *list(workers.trials(quick=True))[:: 8 if quick else 3],
        *list(concurrency.trials(quick=True))[:: 4 if quick else 2],
        *list(leaving.trials(quick=True))[::10],
    ]
    for trial in chosen:
        yield Trial(FAMILY, f"{trial.family}: {trial.name}", partial(beside_loops, trial))


def beside_loops(trial: Trial, place: Place) -> None:
    """The trial, and loops that end with it."""
    loops = [place.start(busy, f"loop{i}") for i in range(LOOPS)]
    try:
        trial.act(place)
    finally:
        for loop in loops:
            loop.send(signal.SIGKILL)
            loop.wait()


def busy() -> None:
    """Until it is killed."""
    while True:
        pass
