"""Returns and lengths of episodes, added up step by step. How a step is made is collector.py's business."""

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
    """What a collection or an evaluation saw: how many steps, and the undiscounted raw returns of the episodes that ended."""

    num_steps: int = 0
    returns: list[float] = field(factory=list)
    lengths: list[int] = field(factory=list)


@define(eq=False)
class EpisodeStats:
    """The episodes that N environments are in the middle of."""

    num_envs: int
    _returns: NDArray[np.float64] = field(init=False)
    _lengths: NDArray[np.int64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Every environment is at the beginning of an episode."""
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=np.int64)

    def add(self, step: Step, valid: NDArray[np.bool_], stats: CollectStats) -> None:
        """Count the valid rows of a step, and report the episodes that ended in them."""
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
        """Report the episodes of these environments [N], which end here."""
        stats.returns += self._returns[ended].tolist()
        stats.lengths += self._lengths[ended].tolist()
        self._returns[ended], self._lengths[ended] = 0.0, 0


def mean(values: Sequence[float]) -> float:
    """The mean, exact where all are finite, and not finite where one is not."""
    total = sum(values)
    return statistics.fmean(values) if math.isfinite(total) else total


def _any(flags: NDArray[np.bool_]) -> bool:
    """Whether one is set; several times as quick as numpy's own on the few of a step."""
    return b"\x01" in flags.tobytes()


def _all(flags: NDArray[np.bool_]) -> bool:
    """Whether none is unset; likewise."""
    return b"\x00" not in flags.tobytes()
