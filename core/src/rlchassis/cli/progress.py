"""How far a run is, as a bar on a terminal; what is logged of each epoch stands above it."""

from __future__ import annotations

import statistics
import sys
from collections import deque
from typing import Any

from attrs import define, field
from tqdm import tqdm

from rlchassis.hookspecs import hookimpl

RECENT_EPISODES = 20
BAR_FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps, {rate_fmt}, {remaining} left{postfix}"


def progress_on(stream: Any) -> list[object]:
    """The observers that suit a stream: a bar on a terminal, none elsewhere."""
    return [ProgressBar(stream)] if stream is not None and stream.isatty() else []


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
