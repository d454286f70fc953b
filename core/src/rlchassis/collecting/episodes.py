"""Returns and lengths of episodes, accumulated step by step."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.collecting.info_numbers import InfoNumbers
from rlchassis.data.step import Step
from rlchassis.envs.infos import InfoArrays


@define
class CollectStats:
    """Statistics of a collection or evaluation: number of steps, undiscounted raw returns and lengths of the episodes that ended."""

    num_steps: int = 0
    returns: list[float] = field(factory=list)
    lengths: list[int] = field(factory=list)
    infos: dict[str, list[float]] = field(factory=dict)
    """One number per episode by key of info_metrics; NaN where the episode was cut before it had one."""


@define(eq=False)
class EpisodeStats:
    """Returns [N] and lengths [N] of the episodes in progress."""

    num_envs: int
    infos: InfoArrays | None = None
    """Numbers of the last step, for metrics of `info`."""
    _numbers: InfoNumbers | None = field(init=False)
    _returns: NDArray[np.float64] = field(init=False)
    _lengths: NDArray[np.int64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start at zero: all environments are at the beginning of an episode."""
        self._numbers = InfoNumbers(self.infos) if self.infos is not None and self.infos.metrics else None
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=np.int64)

    def add(self, step: Step, valid: NDArray[np.bool_], stats: CollectStats) -> None:
        """Add the valid rows [N] of a step, and append the episodes that ended in them to stats."""
        if _all(valid):
            stats.num_steps += len(valid)
            self._returns += step.rewards
            self._lengths += 1
        else:
            stats.num_steps += int(np.count_nonzero(valid))
            np.add(self._returns, step.rewards, out=self._returns, where=valid)
            self._lengths += valid
        if self._numbers is not None:
            self._numbers.add(valid)
        if _any(step.terminated) or _any(step.truncated):
            self.end((step.terminated | step.truncated) & valid, stats)

    def end(self, ended: NDArray[np.bool_], stats: CollectStats) -> None:
        """Append the episodes of these environments [N] to stats and reset them."""
        if self._numbers is not None:
            self._numbers.end(ended, stats.infos)
        stats.returns += self._returns[ended].tolist()
        stats.lengths += self._lengths[ended].tolist()
        self._returns[ended], self._lengths[ended] = 0.0, 0


def mean(values: Sequence[float]) -> float:
    """Mean, exactly rounded if all values are finite; inf or NaN otherwise."""
    total = sum(values)
    return statistics.fmean(values) if math.isfinite(total) else total


def mean_given(values: Sequence[float]) -> float:
    """Mean of those that are not NaN; NaN if there are none."""
    given = [value for value in values if not math.isnan(value)]
    return mean(given) if given else math.nan


def _any(flags: NDArray[np.bool_]) -> bool:
    """Whether any flag is set; several times faster than numpy.any on a few flags."""
    return b"\x01" in flags.tobytes()


def _all(flags: NDArray[np.bool_]) -> bool:
    """Whether all flags are set; as fast."""
    return b"\x00" not in flags.tobytes()
