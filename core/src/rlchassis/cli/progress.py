"""Progress bar for terminals."""

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
    """A progress bar if the stream is a terminal, else nothing."""
    return [ProgressBar(stream)] if stream is not None and stream.isatty() else []


@define(eq=False)
class ProgressBar:
    """Progress bar with return, steps per second and time left."""

    stream: Any = field(factory=lambda: sys.stderr)
    _bar: Any = field(default=None, init=False)
    _returns: deque[float] = field(factory=lambda: deque(maxlen=RECENT_EPISODES), init=False)
    _tested: str = field(default="", init=False)

    @hookimpl
    def rlchassis_train_start(self, world: Any) -> None:
        """Show the bar."""
        self._bar = tqdm(
            total=world.sampling.total_steps, unit=" steps", bar_format=BAR_FORMAT, file=self.stream, dynamic_ncols=True, leave=False
        )

    @hookimpl
    def rlchassis_collect_end(self, stats: Any) -> None:
        """Advance the bar."""
        self._returns.extend(stats.returns)
        if self._returns:
            self._bar.set_postfix_str(f"return {statistics.fmean(self._returns):.1f}{self._tested}", refresh=False)
        self._bar.update(stats.num_steps)

    @hookimpl
    def rlchassis_test_end(self, result: Any) -> None:
        """Update the test return."""
        self._tested = f", tested {result.mean:.1f}"

    @hookimpl
    def rlchassis_teardown(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
