"""How far a run is: a bar on a terminal, a line per epoch anywhere else."""

from __future__ import annotations

import logging
import statistics
import sys
from collections import deque
from typing import Any

from attrs import define, field
from tqdm import tqdm

from rlchassis.hookspecs import hookimpl

log = logging.getLogger(__name__)
RECENT_EPISODES = 20
BAR_FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps, {rate_fmt}, {remaining} left{postfix}"


def progress_on(stream: Any) -> object:
    """The observer that suits a stream."""
    return ProgressBar(stream) if stream.isatty() else ProgressLines()


@define(eq=False)
class ProgressBar:
    """Return, steps per second and time left, as they change."""

    stream: Any = field(factory=lambda: sys.stderr)
    _bar: Any = field(default=None, init=False)
    _returns: deque[float] = field(factory=lambda: deque(maxlen=RECENT_EPISODES), init=False)
    _tested: str = field(default="", init=False)

    @hookimpl
    def rlchassis_train_start(self, world: Any) -> None:
        """Nothing is done yet."""
        self._bar = tqdm(
            total=world.sampling.total_steps, unit=" steps", bar_format=BAR_FORMAT, file=self.stream, dynamic_ncols=True, leave=False
        )

    @hookimpl
    def rlchassis_collect_end(self, stats: Any) -> None:
        """So many steps further."""
        self._returns.extend(stats.returns)
        if self._returns:
            self._bar.set_postfix_str(f"return {statistics.fmean(self._returns):.1f}{self._tested}", refresh=False)
        self._bar.update(stats.num_steps)

    @hookimpl
    def rlchassis_test_end(self, result: Any) -> None:
        """A newer test."""
        self._tested = f", tested {result.mean:.1f}"

    @hookimpl
    def rlchassis_teardown(self) -> None:
        """Whatever is said next begins on a line of its own."""
        if self._bar is not None:
            self._bar.close()


class ProgressLines:
    """One line at the end of every epoch that took a step."""

    def __init__(self) -> None:
        self._told = 0

    @hookimpl
    def rlchassis_epoch_end(self, world: Any, epoch: int, env_step: int) -> None:
        """Where it stands, unless it stands where it did: a collection may be longer than an epoch."""
        if env_step == self._told:
            return
        self._told = env_step
        stats = world.trainer.info()
        tested = f", test return {stats.final.mean:.2f} ± {stats.final.std:.2f}" if stats.final else ""
        log.info("epoch %d: %d of %d steps%s, %.0f steps/s", epoch, env_step, world.sampling.total_steps, tested, stats.steps_per_second)
