"""Where experience waits to be learned from: structs of arrays of tensors, written row by row in place."""

from __future__ import annotations

import torch
from attrs import define, field
from torch import Tensor

from rlchassis.experience import Experience, map_tensors


@define(eq=False)
class RolloutBuffer:
    """The steps since learning last happened, [T, N, …]; emptied by every drain."""

    capacity: int = 128
    """Rows to make room for at first; grows when more are added."""
    _rows: Experience | None = field(default=None, init=False)
    _size: int = field(default=0, init=False)

    def __len__(self) -> int:
        """Rows waiting."""
        return self._size

    def add(self, step: Experience) -> None:
        """Append one step of all environments, [N, …]."""
        if self._rows is None:
            self._rows = map_tensors(lambda tensor: tensor.new_empty((self.capacity, *tensor.shape)), step)
        elif self._size == len(self._rows):
            self._rows = map_tensors(lambda tensor: torch.cat([tensor, torch.empty_like(tensor)]), self._rows)
        _write(self._rows, self._size, step)
        self._size += 1

    def drain(self) -> Experience:
        """All rows, oldest first, as views that hold until rows are added again; the buffer is empty afterwards."""
        if self._rows is None:
            raise IndexError("a rollout buffer was drained before anything was added to it")
        rows, self._size = self._rows[: self._size], 0
        return rows


def _write(rows: Experience, index: int, step: Experience) -> None:
    def copy(stored: Tensor, new: Tensor) -> Tensor:
        stored[index] = new
        return stored

    map_tensors(copy, rows, step)
