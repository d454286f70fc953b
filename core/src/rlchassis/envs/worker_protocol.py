"""What a worker process and its supervisor tell each other, and the memory that both may see."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import TYPE_CHECKING, Any

import cloudpickle
from attrs import field, frozen

from rlchassis.envs.progress import Progress
from rlchassis.envs.rows import Carver, Rows, bytes_of_rows

if TYPE_CHECKING:
    from rlchassis.envs.spaces import AnySpace

DONE, ENDED, FAILED = b"d", b"e", b"f"
"""How an answer begins: all went well, an episode ended besides, or a pickled Failure follows."""
STEP, RESET, CLOSE = "step", "reset", "close"


@frozen
class Setup:
    """The first message to a worker."""

    sys_path: list[str]
    first_index: int
    num_envs: int
    shared_memory: bool
    constructors: bytes = field(repr=False)
    """Pickled by cloudpickle, to be opened once sys_path is set."""


@frozen
class Failure:
    """Why a worker could not do as it was told."""

    message: str
    traceback: str
    is_usage: bool
    """Whether the user asked for what cannot be, rather than an environment having failed."""


@frozen
class Arena:
    """The memory that answers are written to, carved into rows; its head lacks the final observations."""

    rows: Rows
    everything: memoryview
    head: memoryview

    @classmethod
    def of(cls, observation_space: AnySpace, num_envs: int, shared_fd: int | None) -> Arena:
        """In the shared file behind its progress page, or in ordinary memory of either side."""
        size, head = bytes_of_rows(observation_space, num_envs)
        buffer = bytearray(size) if shared_fd is None else _map_behind_progress(shared_fd, num_envs, size)
        view = memoryview(buffer)
        return cls(Rows.allocate(observation_space, num_envs, Carver(buffer)), view, view[:head])


def packed(thing: Any) -> bytes:
    """Pickled so that classes and functions of scripts, and lambdas, travel along."""
    pickled: bytes = cloudpickle.dumps(thing)
    return pickled


def open_shared_file(num_envs: int) -> int:
    """A descriptor of a file without a name, as large as the progress of so many environments: it is gone with its last user."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rlchassis")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, _progress_bytes(num_envs))
    return descriptor


def shared_progress(shared_fd: int, num_envs: int) -> Progress:
    """Progress that both sides see."""
    cells: Any = memoryview(mmap.mmap(shared_fd, _progress_bytes(num_envs))).cast("q")
    return Progress.over(cells, num_envs)


def _map_behind_progress(shared_fd: int, num_envs: int, size: int) -> mmap.mmap:
    offset = _progress_bytes(num_envs)
    os.ftruncate(shared_fd, offset + size)
    return mmap.mmap(shared_fd, size, offset=offset)


def _progress_bytes(num_envs: int) -> int:
    page = mmap.ALLOCATIONGRANULARITY
    return -(-8 * Progress.cells_needed(num_envs) // page) * page
