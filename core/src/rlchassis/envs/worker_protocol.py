"""What a worker process and its supervisor tell each other, and the memory that both see."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from typing import TYPE_CHECKING, Any, Self

import cloudpickle
import numpy as np
from attrs import define, field, frozen

from rlchassis.envs.progress import Progress

if TYPE_CHECKING:
    from rlchassis.envs.spaces import Array

STEP, RESET = "step", "reset"
"""How a command begins; its arguments follow. Its answer says whether an episode ended, or is a Failure. None ends the worker."""


@frozen
class Setup:
    """The first message to a worker, answered by None once it runs, and by its traits, packed, once its environments are made."""

    sys_path: list[str]
    first_index: int
    num_envs: int
    constructors: bytes = field(repr=False)
    """Packed, to be opened once sys_path is set."""


@frozen
class Failure:
    """Why a worker could not do as it was told."""

    message: str
    traceback: str
    is_usage: bool
    """Whether the user asked for what cannot be, rather than an environment having failed."""


@define(eq=False)
class SharedFile:
    """A file without a name, gone with its last user; both sides ask for the same pieces in the same order."""

    descriptor: int
    _used: int = 0

    @classmethod
    def open(cls) -> Self:
        """An empty one."""
        if hasattr(os, "memfd_create"):
            return cls(os.memfd_create("rlchassis"))
        with tempfile.TemporaryFile() as file:
            return cls(os.dup(file.fileno()))

    def piece(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The next array, on pages of its own."""
        page = mmap.ALLOCATIONGRANULARITY
        size = max(1, -(-math.prod(shape) * dtype.itemsize // page)) * page
        offset, self._used = self._used, self._used + size
        if os.fstat(self.descriptor).st_size < self._used:
            os.ftruncate(self.descriptor, self._used)
        return np.ndarray(shape, dtype, mmap.mmap(self.descriptor, size, offset=offset))

    def progress(self, num_envs: int) -> Progress:
        """Progress that both sides see, as the next pieces."""
        cells: list[Any] = [self.piece((count,), np.dtype(np.int64)).data for count in (1, num_envs, num_envs)]
        return Progress(*cells)


def packed(thing: Any) -> bytes:
    """Pickled so that classes and functions of scripts, and lambdas, travel along."""
    pickled: bytes = cloudpickle.dumps(thing)
    return pickled
