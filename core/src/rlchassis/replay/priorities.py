"""Prioritized experience replay (Schaul et al. 2016, proportional variant)."""

from __future__ import annotations

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator

from rlchassis.errors import DivergenceError
from rlchassis.replay.ring import Indices

FAN = 64
"""Leaves below each node of the sum tree."""
BYTES_PER_PRIORITY = 8
SMALLEST = 1e-6
"""ε, added to every |δ|, so that each transition keeps a positive priority."""


@define(eq=False)
class SumTree:
    """Sum tree of two levels: non-negative leaves and sums of wide blocks, faster in numpy than a binary tree."""

    size: int
    _leaves: NDArray[np.float64] = field(init=False)
    _sums: NDArray[np.float64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Initialize with zeros."""
        self._leaves = np.zeros((-(-self.size // FAN), FAN))
        self._sums = np.zeros(len(self._leaves))

    def __getitem__(self, indices: Indices) -> NDArray[np.float64]:
        """Leaves at indices."""
        chosen: NDArray[np.float64] = self._leaves.reshape(-1).take(indices)
        return chosen

    def __setitem__(self, indices: Indices, values: NDArray[np.float64] | float) -> None:
        """Set leaves; block sums are recomputed, so that rounding errors do not accumulate."""
        self._leaves.reshape(-1)[indices] = values
        blocks = indices // FAN
        self._sums[blocks] = self._leaves[blocks].sum(1)

    def find(self, shares: NDArray[np.float64]) -> Indices:
        """For each share of the total, 0 ≤ share < 1: the index at which the running sum of all numbers first exceeds it."""
        above = self._sums.cumsum()
        aims = np.minimum(shares * above[-1], np.nextafter(above[-1], 0))
        blocks = above.searchsorted(aims, side="right")
        within = self._leaves[blocks].cumsum(1)
        rest = np.minimum(aims - (above[blocks] - self._sums[blocks]), np.nextafter(within[:, -1], 0))
        indices: Indices = blocks * FAN + (within <= rest[:, None]).sum(1)
        return indices


@define(eq=False)
class Priorities:
    """Draws row i with probability P(i) = pᵢ / Σ p, where p = (|δ| + ε)^α is from the last time it was learned from."""

    size: int
    alpha: float
    beta: float
    """How much weights make up for drawing unevenly β, from its first value to 1."""
    _tree: SumTree = field(init=False)
    _largest: float = field(default=1.0, init=False)
    _progress: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        """Initialize with zero priorities."""
        self._tree = SumTree(self.size)

    def add(self, cells: Indices) -> None:
        """Give new rows the largest priority so far."""
        self._tree[cells] = self._largest

    def remove(self, cells: Indices) -> None:
        """Set priorities to zero, so that these rows are not sampled."""
        self._tree[cells] = 0.0

    def update(self, cells: Indices, errors: NDArray[np.float64]) -> None:
        """Set the priorities of rows from their absolute TD errors |δ|; DivergenceError where one is no number."""
        if not np.isfinite(errors).all():
            raise DivergenceError("a priority is not finite: learning diverged; try a smaller learning rate or a gradient norm limit.")
        priorities = (np.abs(errors) + SMALLEST) ** self.alpha
        self._largest = max(self._largest, float(priorities.max()))
        self._tree[cells] = priorities

    def set_progress(self, progress: float) -> None:
        """Anneal β towards 1."""
        self._progress = min(progress, 1.0)

    @property
    def current_beta(self) -> float:
        """Current β."""
        return self.beta + (1 - self.beta) * self._progress

    def draw(self, batch_size: int, rng: Generator) -> tuple[Indices, NDArray[np.float64]]:
        """Indices [B], one from each B-th of the total, with the weights wᵢ = (N P(i))^−β / max w  that make up for it."""
        offsets = torch.rand(batch_size, generator=rng, dtype=torch.float64).numpy()
        cells = self._tree.find((np.arange(batch_size) + offsets) / batch_size)
        drawn = self._tree[cells]
        return cells, (drawn.min() / drawn) ** self.current_beta
