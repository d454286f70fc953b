"""Returns and lengths of episodes, accumulated step by step."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.data.step import Step


@define
class CollectStats:
    """Statistics of a collection or evaluation: number of steps, undiscounted raw returns and lengths of the episodes that ended."""

    num_steps: int = 0
    returns: list[float] = field(factory=list)
    lengths: list[int] = field(factory=list)


@define(eq=False)
class EpisodeStats:
    """Returns [N] and lengths [N] of the episodes in progress."""

    num_envs: int
    _returns: NDArray[np.float64] = field(init=False)
    _lengths: NDArray[np.int64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start at zero: all environments are at the beginning of an episode."""
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=np.int64)

    def add(self, step: Step, valid: NDArray[np.bool_], stats: CollectStats) -> None:
        """Add the valid rows [N] of a step, and append the episodes that ended in them to stats."""
        if _all(valid):
            stats.num_steps += self.num_envs
            self._returns += step.rewards
            self._lengths += 1
        else:
            stats.num_steps += int(np.count_nonzero(valid))
            np.add(self._returns, step.rewards, out=self._returns, where=valid)
            self._lengths += valid
        if _any(step.terminated) or _any(step.truncated):
            self.end((step.terminated | step.truncated) & valid, stats)

    def end(self, ended: NDArray[np.bool_], stats: CollectStats) -> None:
        """Append the episodes of these environments [N] to stats and reset them."""
        stats.returns += self._returns[ended].tolist()
        stats.lengths += self._lengths[ended].tolist()
        self._returns[ended], self._lengths[ended] = 0.0, 0


def mean(values: Sequence[float]) -> float:
    """Mean, exactly rounded if all values are finite; inf or NaN otherwise."""
    total = sum(values)
    return statistics.fmean(values) if math.isfinite(total) else total


def _any(flags: NDArray[np.bool_]) -> bool:
    """Whether any flag is set; several times faster than numpy.any on a few flags."""
    return b"\x01" in flags.tobytes()


def _all(flags: NDArray[np.bool_]) -> bool:
    """Whether all flags are set; as fast."""
    return b"\x00" not in flags.tobytes()
