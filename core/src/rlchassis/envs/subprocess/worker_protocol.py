"""Messages between worker processes and their supervisor, and their shared memory."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, Self

import cloudpickle
import numpy as np
from attrs import define, field, frozen

from rlchassis.envs.infos import InfoArrays, InfoKeys
from rlchassis.envs.notices import Notice
from rlchassis.envs.opening import EnvConstructor
from rlchassis.envs.progress import Progress
from rlchassis.envs.spaces import AnySpace, Array
from rlchassis.envs.step_arrays import StepArrays, aligned
from rlchassis.errors import UsageError, text_of

STEP, RESET, READ_INFOS, WAYS, STATE = "step", "reset", "read_infos", "exact ways", "state"
RESTORE, REPLAY = "restoring", "playing again"
"""How a command begins; its arguments follow. The answer to STEP, RESET and RESTORE is a list of Begun, or as any Noticed or a Failure.

None ends the worker, whose last answer is a list of notices.
"""
ALIGNMENT = 64


@frozen
class Share:
    """Which environments of all a worker runs."""

    worker: int
    num_workers: int
    first: int
    count: int
    num_envs: int

    @property
    def span(self) -> slice:
        """Its rows among all."""
        return slice(self.first, self.first + self.count)


@frozen
class Setup:
    """The first message to a worker, answered by None once it runs, and by its traits, packed, once its environments are made."""

    sys_path: list[str]
    share: Share
    registrations: dict[str, Any] = field(repr=False)
    constructors: list[bytes] = field(repr=False)
    """Each packed by itself, so that no two environments share an object; to be opened once sys_path is set."""


@frozen
class Noticed:
    """An answer, with what was noticed on the way."""

    answer: Any
    notices: list[Notice]


@frozen
class Failure:
    """Why a worker could not do as it was asked."""

    message: str
    traceback: str
    is_usage: bool = False
    """Whether the user asked for what cannot be, rather than an environment having failed."""
    is_named: bool = True
    """Whether the message says which environment it was."""


@define(eq=False)
class SharedFile:
    """A file without a name, gone with its last user; all map the same parts of it in the same order."""

    descriptor: int
    _used: int = 0

    @classmethod
    def open(cls) -> Self:
        """An empty one."""
        if hasattr(os, "memfd_create"):
            return cls(os.memfd_create("rlchassis"))
        with tempfile.TemporaryFile() as file:
            return cls(os.dup(file.fileno()))

    def progress(self, shares: Sequence[Share]) -> list[Progress]:
        """How far the environments of these workers are, out of all that there are."""
        num_workers, num_envs = shares[0].num_workers, shares[0].num_envs
        new = self._map(8 * (num_workers + 2 * num_envs) + 3 * ALIGNMENT)
        cells: list[Any] = [new((size,), np.dtype(np.int64)).data for size in (num_workers, num_envs, num_envs)]
        currents, steps, starts = cells
        return [Progress(currents[s.worker : s.worker + 1], steps[s.span], starts[s.span]) for s in shares]

    def rows(self, observation_space: AnySpace, num_envs: int) -> StepArrays:
        """One row for each of all environments."""
        return StepArrays.allocate(observation_space, num_envs, self._map(StepArrays.num_bytes(observation_space, num_envs, ALIGNMENT)))

    def infos(self, keys: InfoKeys, num_envs: int) -> InfoArrays:
        """What is read from the infos of all environments."""
        sizes = InfoArrays.sizes(keys, num_envs)
        return InfoArrays.allocate(keys, num_envs, self._map(sum(aligned(size, ALIGNMENT) for size in sizes) or ALIGNMENT))

    def _map(self, size: int) -> Callable[[tuple[int, ...], np.dtype[Any]], Array]:
        """What cuts arrays out of the next so many bytes; a mapping costs a descriptor, whatever its size."""
        page = mmap.ALLOCATIONGRANULARITY
        offset, self._used = self._used, self._used + -(-size // page) * page
        if os.fstat(self.descriptor).st_size < self._used:
            os.ftruncate(self.descriptor, self._used)
        memory = mmap.mmap(self.descriptor, size, offset=offset)
        used = 0

        def new(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
            nonlocal used
            array: Array = np.ndarray(shape, dtype, memory, used)
            used += aligned(array.nbytes, ALIGNMENT)
            return array

        return new

    def close(self) -> None:
        """Give the file back; what is mapped of it goes with the last array there."""
        os.close(self.descriptor)


def packed(thing: Any) -> bytes:
    """Pickled so that classes and functions of scripts, and lambdas, travel along."""
    pickled: bytes = cloudpickle.dumps(thing)
    return pickled


def packed_constructors(constructors: Sequence[EnvConstructor]) -> list[bytes]:
    """Each by itself, though equal ones are pickled once."""
    try:
        known = {key: packed(construct) for key, construct in {id(each): each for each in constructors}.items()}
    except Exception as error:
        reason = text_of(error)
        raise UsageError(f"what makes the environments cannot be sent to a worker process ({reason}); use VectorEnvType.DUMMY") from error
    return [known[id(construct)] for construct in constructors]
