"""What the replay buffer stores: observations, actions, rewards, flags and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray
from torch import from_numpy

from rlchassis.data.arrays import empty_rows, map_arrays, num_bytes, take, write, write_one
from rlchassis.data.experience import Experience
from rlchassis.data.step import Step
from rlchassis.replay.frames import OneFramePerStep, newest_frames, require_stacks
from rlchassis.replay.observations import Observations, SeparateNextObs, SharedNextObs
from rlchassis.replay.ring import Indices, Ring


@define(eq=False)
class Storage:
    """Rows stored in the cells of a ring."""

    observations: Observations
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    columns: dict[str, Any] = field(factory=dict)
    """Columns of Step, trees of arrays [cells, …]."""

    @classmethod
    def like(cls, first: Step, ring: Ring, *, store_next_obs: bool, stack_num: int) -> Storage:
        """Room for rows of this shape; UsageError where its observations are not the stacks they should be."""
        kind = SeparateNextObs if store_next_obs else SharedNextObs
        fields = (first.actions, first.rewards, first.terminated, first.truncated, first.columns)
        arrays = [empty_rows(part, ring.num_cells) for part in fields]
        if stack_num == 1:
            return cls(kind.like(first, ring), *arrays)
        require_stacks(first)
        storage = cls(kind.like(newest_frames(first), ring), *arrays)
        storage.observations = OneFramePerStep(storage.observations, ring, stack_num, storage.ended)
        return storage

    @property
    def num_bytes(self) -> int:
        """Memory of all arrays in bytes."""
        arrays = (self.actions, self.rewards, self.terminated, self.truncated, self.columns)
        return self.observations.num_bytes + sum(map(num_bytes, arrays))

    def write(self, cells: Any, step: Step) -> None:
        """Store one row per cell."""
        self.observations.write(cells, step)
        if type(cells) is int:
            write_one(self.actions, cells, step.actions)
            self.rewards[cells] = step.rewards.item()
            self.terminated[cells] = step.terminated.item()
            self.truncated[cells] = step.truncated.item()
        else:
            self.actions[cells] = step.actions
            self.rewards[cells] = step.rewards
            self.terminated[cells] = step.terminated
            self.truncated[cells] = step.truncated
        if self.columns:
            (write_one if type(cells) is int else write)(self.columns, cells, step.columns)

    def cut(self, cells: Indices) -> None:
        """Truncate episodes at these cells, which are the newest of their environments."""
        self.observations.cut(cells)
        self.truncated[cells] |= ~self.terminated[cells]

    def ended(self, cells: Indices) -> NDArray[np.bool_]:
        """Whether each was the last row of its episode."""
        return np.logical_or(self.terminated.take(cells), self.truncated.take(cells))

    def read(self, cells: Indices, valid: NDArray[np.bool_], weights: NDArray[np.float32]) -> Experience:
        """Read cells [n, B] as Experience, with a mask of valid rows and importance weights."""
        terminated, truncated = self.terminated.take(cells), self.truncated.take(cells)
        return Experience(
            obs=map_arrays(from_numpy, self.observations.obs(cells)),
            actions=from_numpy(self.actions.take(cells, 0)),
            rewards=from_numpy(self.rewards.take(cells)),
            next_obs=map_arrays(from_numpy, self.observations.next_obs(cells, terminated | truncated)),
            terminated=from_numpy(terminated),
            truncated=from_numpy(truncated),
            valid=from_numpy(valid),
            weights=from_numpy(weights),
            columns=map_arrays(from_numpy, take(self.columns, cells)) if self.columns else {},
        )
