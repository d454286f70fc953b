"""Episodes in a ring of cells [rows, N]: which rows belong to the episode of a row. Rows are counted per environment from the first on."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
RUNNING = -1


@define(eq=False)
class Episodes:
    """First and last row of the episode of each cell; cell row · N + env holds the newest of the rows row, row + rows, …"""

    rows: int
    num_envs: int
    _counts: Ints = field(init=False)
    """[N] how many rows each environment ever wrote."""
    _begun: Ints = field(init=False)
    """[N] number of the first row of the running episode."""
    _first: Ints = field(init=False)
    """[cells] number of the first row of the cell's episode."""
    _last: Ints = field(init=False)
    """[cells] number of the last row of the cell's episode; RUNNING before it has ended."""

    def __attrs_post_init__(self) -> None:
        """Nothing is stored."""
        self._counts, self._begun = (np.zeros(self.num_envs, np.int64) for _ in range(2))
        self._first, self._last = (np.full(self.rows * self.num_envs, RUNNING, np.int64) for _ in range(2))

    def add(self, valid: NDArray[np.bool_], ended: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Count a row of each valid environment, whose episode may have ended in it [N]; returns these environments and their cells."""
        envs = np.flatnonzero(valid)
        numbers = self._counts[envs]
        cells = self.cells(numbers, envs)
        self._first[cells], self._last[cells] = self._begun[envs], RUNNING
        self._counts[envs] += 1
        self.end(valid & ended)
        return envs, cells

    def end(self, ended: NDArray[np.bool_]) -> None:
        """Let the running episodes of these environments [N] end at their newest rows."""
        for env in np.flatnonzero(ended).tolist():
            last = int(self._counts[env]) - 1
            kept = np.arange(max(int(self._begun[env]), last - self.rows + 1), last + 1)
            self._last[self.cells(kept, env)] = last
            self._begun[env] = last + 1

    def cells(self, numbers: Ints, envs: Ints | int) -> Ints:
        """Cells of rows by their numbers and environments."""
        found: Ints = numbers % self.rows * self.num_envs + envs
        return found

    def bounds(self, cells: Ints) -> tuple[Ints, Ints, Ints]:
        """Numbers of these rows, and of the first and last row of their episodes that are stored, which may be the newest."""
        rows, envs = np.divmod(cells, self.num_envs)
        newest = self._counts[envs] - 1
        numbers = newest - (newest - rows) % self.rows
        first = np.maximum(self._first[cells], newest - self.rows + 1)
        last = np.where(self._last[cells] == RUNNING, newest, self._last[cells])
        return numbers, first, last
