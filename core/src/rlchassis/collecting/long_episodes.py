"""Warnings about very long evaluation episodes, during which nothing else is logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

log = logging.getLogger(__name__)
STEPS = 10_000
"""Episode length of the first warning, in steps; doubles with each warning."""
SECONDS = 120.0
"""Episode duration of the first warning, in seconds; doubles with each warning."""


@define(eq=False)
class LongEpisodes:
    """Monitors episodes that began together, one per environment."""

    seeds: Sequence[int]
    """Seeds of the episodes."""
    _steps: int = field(factory=lambda: STEPS, init=False)
    _seconds: float = field(factory=lambda: SECONDS, init=False)
    _began: float = field(factory=time.monotonic, init=False)

    def look(self, steps: int, playing: NDArray[np.bool_]) -> None:
        """Log a warning with environment and seed if one is due; playing [N]: episodes in progress, at least one."""
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
            *(steps, seconds, first, self.seeds[first], f", and {len(others)} more" if others else ""),
        )
