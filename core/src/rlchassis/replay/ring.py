"""Ring buffer of cells [rows, N] with one write head per environment: cell indices and counts, without contents."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator

Indices: TypeAlias = NDArray[np.int64]
"""Numbers of cells, counted row by row: row · N + env."""


@define(eq=False)
class Ring:
    """Ring of cells; each environment writes its own column, overwriting the oldest row when it is full."""

    rows: int
    num_envs: int
    history: int = 0
    """Rows before a row that it cannot do without: when they are overwritten, it is drawn no more."""
    _every: bytes = field(init=False)
    _counts: NDArray[np.int64] = field(init=False)
    """[N] transitions that each environment ever wrote; not kept up to date while all have written equally many."""
    _common: int | None = field(init=False, default=0)
    """How many all have written, while that is the same number."""

    def __attrs_post_init__(self) -> None:
        """Initialize as empty."""
        self._every = np.ones(self.num_envs, np.bool_).tobytes()
        self._counts = np.zeros(self.num_envs, np.int64)

    @property
    def counts(self) -> NDArray[np.int64]:
        """[N] transitions that each environment ever wrote."""
        if self._common is not None:
            self._counts[:] = self._common
        return self._counts

    @property
    def num_cells(self) -> int:
        """Number of cells: rows · N."""
        return self.rows * self.num_envs

    def __len__(self) -> int:
        """Indices that hold something."""
        if self._common is not None:
            return min(self._common, self.rows) * self.num_envs
        return int(np.minimum(self._counts, self.rows).sum())

    def claim(self, valid: NDArray[np.bool_]) -> tuple[Any, Any]:
        """The cells that the valid environments write now, and which of N these are; where all are, a slice or one number, and None."""
        common = self._common
        if common is not None and valid.tobytes() == self._every:
            self._common = common + 1
            start = common % self.rows * self.num_envs
            return start if self.num_envs == 1 else slice(start, start + self.num_envs), None
        counts, envs = self.counts, np.flatnonzero(valid)
        cells = counts[envs] % self.rows * self.num_envs + envs
        counts[envs] += 1
        self._common = int(counts[0]) if (counts == counts[0]).all() else None
        return cells, envs

    def newest(self, envs: NDArray[np.int64]) -> Indices:
        """The newest cells of those of these environments that have written any."""
        counts = self.counts[envs]
        cells: Indices = ((counts - 1) % self.rows * self.num_envs + envs)[counts > 0]
        return cells

    def envs_of(self, cells: Any) -> Any:
        """Whose cells were claimed: an index of N environments."""
        return cells % self.num_envs if isinstance(cells, np.ndarray) else slice(None)

    def numbered(self, cells: Any) -> Indices:
        """Claimed cells as an array."""
        return np.arange(cells.start, cells.stop) if isinstance(cells, slice) else np.atleast_1d(cells)

    def draw(self, batch_size: int, rng: Generator) -> Indices:
        """Indices [B], each that is stored and has its history equally likely."""
        if self._common is not None and (self._common <= self.rows or not self.history):
            return _numbers_below(len(self), batch_size, rng)
        sizes = np.minimum(self.counts, self.rows) - np.where(self.counts > self.rows, self.history, 0)
        ends = sizes.cumsum()
        drawn = _numbers_below(int(ends[-1]), batch_size, rng)
        envs = ends.searchsorted(drawn, side="right")
        newer = ends[envs] - 1 - drawn
        return (self.counts[envs] - 1 - newer) % self.rows * self.num_envs + envs

    def newer(self, cells: Indices) -> NDArray[np.int64]:
        """How many rows the environment has written since each cell: 0 for its newest row."""
        rows, envs = np.divmod(cells, self.num_envs)
        counts = self._common if self._common is not None else self._counts[envs]
        return (counts - 1 - rows) % self.rows

    def older(self, cells: Indices) -> NDArray[np.int64]:
        """How many rows the environment still holds from before each cell: 0 for its oldest row."""
        counts = self.counts[cells % self.num_envs]
        return np.minimum(counts, self.rows) - 1 - self.newer(cells)

    def is_oldest(self, cells: Indices) -> NDArray[np.bool_]:
        """Whether a cell is the oldest of its environment."""
        rows, envs = np.divmod(cells, self.num_envs)
        counts = self._common if self._common is not None else self._counts[envs]
        return np.equal(rows, np.where(np.less_equal(counts, self.rows), 0, counts % self.rows))

    def shifted(self, cells: Indices, rows: Any) -> Indices:
        """Cells shifted by a number of rows, in the same columns."""
        shifted: Indices = (cells + rows * self.num_envs) % self.num_cells
        return shifted

    def incomplete(self, envs: Any) -> Indices:
        """The cells of these environments whose history has been overwritten."""
        chosen = np.arange(self.num_envs)[envs]
        chosen = chosen[self.counts[chosen] > self.rows]
        rows = (self.counts[chosen] + np.arange(self.history)[:, None]) % self.rows
        cells: Indices = rows * self.num_envs + chosen
        return cells.ravel()


def _numbers_below(limit: int, count: int, rng: Generator) -> NDArray[np.int64]:
    return torch.randint(limit, (count,), generator=rng).numpy()
