"""How observations are kept: beside their successors, or alone, each being the successor of the row before. Stacks stand in frames.py."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.data.arrays import empty_rows, map_arrays, num_bytes, pick, take, write, write_one
from rlchassis.data.step import Step
from rlchassis.replay.ring import Indices, Ring


class Observations(Protocol):
    """Observations of rows, and what followed them."""

    @property
    def num_bytes(self) -> int:
        """Memory in bytes, without final observations."""

    def write(self, cells: Any, step: Step) -> None:
        """Keep those of as many environments as there are cells."""

    def cut(self, cells: Indices) -> None:
        """Let episodes end at these cells, the newest of their environments."""

    def obs(self, cells: Indices) -> Any:
        """Observations of the cells."""

    def next_obs(self, cells: Indices, ended: NDArray[np.bool_]) -> Any:
        """What followed; ended says which of the cells were the last of their episodes."""


@define(eq=False)
class SeparateNextObs:
    """Storage of observations and next observations as separate arrays."""

    _obs: Any
    _next_obs: Any

    @classmethod
    def like(cls, step: Step, ring: Ring) -> SeparateNextObs:
        """Room for rows of this shape."""
        return cls(empty_rows(step.obs, ring.num_cells), empty_rows(step.next_obs, ring.num_cells))

    @property
    def num_bytes(self) -> int:
        """See Observations."""
        return num_bytes(self._obs) + num_bytes(self._next_obs)

    def write(self, cells: Any, step: Step) -> None:
        """See Observations."""
        put = write_one if type(cells) is int else write
        put(self._obs, cells, step.obs)
        put(self._next_obs, cells, step.next_obs)

    def cut(self, cells: Indices) -> None:
        """See Observations."""

    def obs(self, cells: Indices) -> Any:
        """See Observations."""
        return take(self._obs, cells)

    def next_obs(self, cells: Indices, ended: NDArray[np.bool_]) -> Any:
        """See Observations."""
        return take(self._next_obs, cells)


@define(eq=False)
class SharedNextObs:
    """Storage of observations only; next observations are those of the following rows, final and newest ones are stored separately."""

    _ring: Ring
    _obs: Any
    _newest: Any
    """[N, …] next observation of each environment's newest row."""
    _final: dict[int, Any] = field(factory=dict)
    """What episodes ended with, by the cells of their last rows."""

    @classmethod
    def like(cls, step: Step, ring: Ring) -> SharedNextObs:
        """Room for rows of this shape."""
        return cls(ring, empty_rows(step.obs, ring.num_cells), empty_rows(step.next_obs, ring.num_envs))

    @property
    def num_bytes(self) -> int:
        """See Observations."""
        return num_bytes(self._obs)

    def write(self, cells: Any, step: Step) -> None:
        """See Observations."""
        (write_one if type(cells) is int else write)(self._obs, cells, step.obs)
        write(self._newest, self._ring.envs_of(cells), step.next_obs)
        ended = step.terminated | step.truncated
        if self._final or ended.any():
            self._set_aside(self._ring.numbered(cells), ended)

    def cut(self, cells: Indices) -> None:
        """See Observations."""
        for cell in cells.tolist():
            self._final.setdefault(cell, map_arrays(np.copy, pick(self._newest, cell % self._ring.num_envs)))

    def _set_aside(self, cells: Indices, ended: NDArray[np.bool_]) -> None:
        for cell, ends in zip(cells.tolist(), ended.tolist(), strict=True):
            self._final.pop(cell, None)
            if ends:
                self._final[cell] = map_arrays(np.copy, pick(self._newest, cell % self._ring.num_envs))

    def obs(self, cells: Indices) -> Any:
        """See Observations."""
        return take(self._obs, cells)

    def next_obs(self, cells: Indices, ended: NDArray[np.bool_]) -> Any:
        """See Observations."""
        found = take(self._obs, self._ring.shifted(cells, 1))
        for index in map(tuple, np.argwhere(ended | (self._ring.newer(cells) == 0)).tolist()):
            cell = int(cells[index])
            aside = self._final[cell] if ended[index] else pick(self._newest, cell % self._ring.num_envs)
            write(found, index, aside)
        return found
