"""Numbers of `info`, reduced step by step to one number per episode."""

from __future__ import annotations

import math

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.envs.infos import InfoArrays


@define(eq=False)
class InfoNumbers:
    """Reductions [K, N] of the episodes in progress, a row per metric."""

    infos: InfoArrays
    _counts: NDArray[np.int64] = field(init=False)
    """[K, N] steps of the episode that had a number."""
    _reduced: NDArray[np.float64] = field(init=False)
    """[K, N] last or highest number, or sum; NaN before the first."""

    def __attrs_post_init__(self) -> None:
        """All environments are at the beginning of an episode."""
        self._counts = np.zeros(self.infos.numbers.shape, np.int64)
        self._reduced = np.full(self.infos.numbers.shape, math.nan)

    def add(self, valid: NDArray[np.bool_]) -> None:
        """Add the numbers of a step in the valid rows [N]."""
        numbers = self.infos.numbers
        given = valid & ~np.isnan(numbers)
        for metric, before, new, where in zip(self.infos.metrics, self._reduced, numbers, given, strict=True):
            if metric.reduction == "last":
                np.copyto(before, new, where=where)
            elif metric.reduction == "max":
                np.fmax(before, new, out=before, where=where)
            else:
                np.add(np.nan_to_num(before), new, out=before, where=where)
        self._counts += given

    def end(self, ended: NDArray[np.bool_], infos: dict[str, list[float]]) -> None:
        """Append the numbers of the episodes of these environments [N], and begin new ones."""
        for metric, reduced, counts in zip(self.infos.metrics, self._reduced, self._counts, strict=True):
            divisors = np.maximum(counts, 1) if metric.reduction == "mean" else 1
            infos.setdefault(metric.key, []).extend((reduced / divisors)[ended].tolist())
        self._counts[:, ended], self._reduced[:, ended] = 0, math.nan
