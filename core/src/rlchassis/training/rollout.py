"""Where experience waits to be learned from: structs of arrays, written row by row in place and read as tensors over the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from attrs import define, field

from rlchassis.data.arrays import map_arrays, pick, room, write
from rlchassis.data.experience import Experience, Row, as_tensors

CPU = torch.device("cpu")


@define(eq=False)
class RolloutBuffer:
    """The steps since learning last happened, [T, N, …]; emptied by every drain."""

    capacity: int = 128
    """Rows to make room for at first; doubled when more are added."""
    _rows: Row | None = field(default=None, init=False)
    _size: int = field(default=0, init=False)

    def __len__(self) -> int:
        """Rows waiting."""
        return self._size

    def add(self, row: Row) -> None:
        """Append one step of all environments."""
        if self._rows is None:
            self._rows = Row(*(room(part, self.capacity, len(row.rewards)) for part in row))
        elif self._size == len(self._rows.rewards):
            self._rows = Row(*(map_arrays(_doubled, part) for part in self._rows))
        for stored, new in zip(self._rows, row, strict=True):
            write(stored, self._size, new)
        self._size += 1

    def drain(self) -> Experience:
        """All rows, oldest first, as views that hold until rows are added again; the buffer is empty afterwards."""
        if self._rows is None or self._size == 0:
            raise IndexError("a rollout buffer was drained while it was empty")
        rows: list[Any] = [as_tensors(pick(part, slice(self._size)), CPU) for part in self._rows]
        self._size = 0
        return Experience(*rows)


def _doubled(part: Any) -> Any:
    return np.concatenate([part, np.empty_like(part)])
