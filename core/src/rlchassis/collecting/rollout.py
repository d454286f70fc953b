"""Rollout buffer: structs of arrays, written in place row by row and read as tensors over the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.data.arrays import empty_rows, map_arrays, pick, write
from rlchassis.data.experience import Experience, as_tensors
from rlchassis.data.step import Step

CPU = torch.device("cpu")


@define(eq=False)
class RolloutBuffer:
    """Steps of the current rollout, [T, N, …]; `drain` empties it."""

    capacity: int = 128
    """Initial capacity in rows; doubled when it is full."""
    _steps: Step | None = field(default=None, init=False)
    _size: int = field(default=0, init=False)

    def __len__(self) -> int:
        """Number of rows T."""
        return self._size

    def add(self, step: Step) -> None:
        """Append one step of all environments."""
        if self._steps is None:
            self._steps = Step(*(empty_rows(part, self.capacity, len(step.rewards)) for part in step))
        elif self._size == len(self._steps.rewards):
            self._steps = Step(*(map_arrays(_doubled, part) for part in self._steps))
        for stored, new in zip(self._steps, step, strict=True):
            write(stored, self._size, new)
        self._size += 1

    def set_progress(self, progress: float) -> None:
        """Nothing: a rollout has no schedule."""

    def state_fields(self) -> dict[str, Any]:
        """Fields for a checkpoint, with the rows of the current rollout alone; see data/state_tree.py."""
        rows = None if self._steps is None or not self._size else Step(*(pick(part, slice(self._size)) for part in self._steps))
        return {"capacity": self.capacity, "_steps": rows, "_size": self._size}

    def make_room(self, fields: dict[str, Any]) -> None:
        """Take a stored rollout; see data/state_restoring.py."""
        if fields["_steps"] is not None:
            self._steps = Step(*[None] * len(Step._fields))  # type: ignore[arg-type]  # filled at once

    def cut(self, envs: NDArray[np.bool_]) -> None:
        """Truncate the episodes of these environments [N] at the newest row."""
        if self._steps is not None and self._size:
            newest = self._size - 1
            self._steps.truncated[newest] |= envs & self._steps.valid[newest] & ~self._steps.terminated[newest]

    def drain(self) -> Experience:
        """Return all rows, oldest first, as views that are valid until the next `add`, and empty the buffer."""
        if self._steps is None or self._size == 0:
            raise IndexError("a rollout buffer was drained while it was empty")
        parts: dict[str, Any] = {
            name: as_tensors(pick(part, slice(self._size)), CPU) for name, part in zip(Step._fields, self._steps, strict=True)
        }
        self._size = 0
        return Experience(**parts, weights=torch.ones_like(parts["rewards"]))


def _doubled(part: Any) -> Any:
    return np.concatenate([part, np.zeros_like(part)])
