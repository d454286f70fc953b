"""Where experience waits to be learned from: structs of arrays, written row by row in place and read as tensors over the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from attrs import define, field

from rlchassis.experience import Experience, Row, as_tensors

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
            self._rows = Row(*(_room(part, self.capacity) for part in row))
        elif self._size == len(self._rows.rewards):
            self._rows = Row(*(_doubled(part) for part in self._rows))
        for stored, new in zip(self._rows, row, strict=True):
            _write(stored, self._size, new)
        self._size += 1

    def drain(self) -> Experience:
        """All rows, oldest first, as views that hold until rows are added again; the buffer is empty afterwards."""
        if self._rows is None or self._size == 0:
            raise IndexError("a rollout buffer was drained while it was empty")
        rows: list[Any] = [as_tensors(_first(part, self._size), CPU) for part in self._rows]
        self._size = 0
        return Experience(*rows)


def _room(part: Any, capacity: int) -> Any:
    if isinstance(part, dict):
        return {key: _room(each, capacity) for key, each in part.items()}
    return np.empty((capacity, *part.shape), np.float32 if part.dtype == np.float64 else part.dtype)


def _doubled(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _doubled(each) for key, each in part.items()}
    return np.concatenate([part, np.empty_like(part)])


def _write(stored: Any, index: int, new: Any) -> None:
    if isinstance(stored, dict):
        for key, part in stored.items():
            _write(part, index, new[key])
    else:
        stored[index] = new


def _first(part: Any, count: int) -> Any:
    if isinstance(part, dict):
        return {key: _first(each, count) for key, each in part.items()}
    return part[:count]
