"""Warnings about evaluation episodes that go on and on, in which a run would otherwise stand still without a word."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

log = logging.getLogger(__name__)
STEPS = 10_000
"""Steps of an episode after which, and after each doubling of which, there is a warning."""
SECONDS = 120.0
"""Seconds likewise."""


@define(eq=False)
class LongEpisodes:
    """Watches episodes that began together, one per environment."""

    seeds: Sequence[int]
    """Of the environments' episodes."""
    _steps: int = field(factory=lambda: STEPS, init=False)
    _seconds: float = field(factory=lambda: SECONDS, init=False)
    _began: float = field(factory=time.monotonic, init=False)

    def look(self, steps: int, playing: NDArray[np.bool_]) -> None:
        """Warn, with environment and seed, where it is time to; at least one still plays."""
        seconds = time.monotonic() - self._began
        if steps < self._steps and seconds < self._seconds:
            return
        while self._steps <= steps:
            self._steps *= 2
        while self._seconds <= seconds:
            self._seconds *= 2
        first, *others = np.flatnonzero(playing).tolist()
        log.warning(
            "An evaluation episode has not ended after %d steps and %.0f seconds: environment %d, seed %d%s; if it never ends by itself, "
            "wrap the environment in gymnasium.wrappers.TimeLimit or set sampling.max_test_episode_steps.",
            *(steps, seconds, first, self.seeds[first], f", and {len(others)} beside it" if others else ""),
        )
