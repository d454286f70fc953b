"""Large arrays as files of chunks, each named by its digest, so that a checkpoint writes only chunks that are new."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field

from rlchassis.config.machine import free_memory
from rlchassis.errors import StoredFileError
from rlchassis.storage.files import write_atomically
from rlchassis.storage.reading import read_bytes

CHUNK_BYTES = 2**22
"""Size of a chunk; smaller arrays are kept with the other state."""
SUFFIX = ".chunk"


@define(eq=False)
class Chunks:
    """Chunks of arrays in a directory."""

    directory: Path
    used: set[str] = field(factory=set, init=False)
    """Names of the files that were written or read."""
    written: int = field(default=0, init=False)
    """Bytes that were new."""

    def store(self, array: np.ndarray[Any, Any]) -> list[str]:
        """Write the chunks of an array that are not there yet; returns the names of all, in order."""
        return [self._stored(part) for part in _parts(array)]

    def _stored(self, part: memoryview) -> str:
        name = hashlib.sha256(part).hexdigest() + SUFFIX
        if name not in self.used and not (self.directory / name).is_file():
            write_atomically(self.directory / name, lambda file: file.write(part))
            self.written += len(part)
        self.used.add(name)
        return name

    def load(self, dtype: str, shape: Sequence[int], names: Sequence[str]) -> np.ndarray[Any, Any]:
        """Read an array back; StoredFileError for a chunk that is missing or has another digest, or for another size than they have."""
        made = self._room(np.dtype(dtype), shape, len(names))
        target, start, last, content = made.data.cast("B"), 0, "", b""
        for name in names:
            last, content = name, content if name == last else self._read(name)
            target[start : start + len(content)] = content
            start += len(content)
        if start != len(target):
            raise StoredFileError(f"the chunks of an array in {self.directory} hold {start} bytes, expected {len(target)}.")
        return made.reshape(tuple(shape))

    def _room(self, dtype: np.dtype[Any], shape: Sequence[int], count: int) -> np.ndarray[Any, Any]:
        """Memory for an array of this shape, if so many chunks can fill it and there is as much."""
        is_shape = all(type(size) is int and size >= 0 for size in shape)
        size = math.prod(shape) * dtype.itemsize if is_shape else -1
        if not (count - 1) * CHUNK_BYTES < size <= count * CHUNK_BYTES:
            raise StoredFileError(f"{count} chunks in {self.directory} cannot hold an array of shape {str(shape)[:80]} and dtype {dtype}.")
        if size > (free_memory() or size):
            raise StoredFileError(f"an array in {self.directory} takes {size} bytes, more than the memory that is free.")
        return np.empty(math.prod(shape), dtype)

    def verify(self, name: object) -> None:
        """StoredFileError for a chunk that is missing or has another digest."""
        self._read(str(name))

    def _read(self, name: str) -> bytes:
        if Path(name).name != name or not name.endswith(SUFFIX):
            raise StoredFileError(f"{name[:80]!r} is no name of a chunk.")
        content = read_bytes(self.directory / name, CHUNK_BYTES)
        if hashlib.sha256(content).hexdigest() + SUFFIX != name:
            raise StoredFileError(f"{self.directory / name} is damaged: its content has another digest.")
        self.used.add(name)
        return content


def _parts(array: np.ndarray[Any, Any]) -> Iterator[memoryview]:
    flat = np.ascontiguousarray(array).reshape(-1).data.cast("B")
    for start in range(0, len(flat), CHUNK_BYTES):
        yield flat[start : start + CHUNK_BYTES]
