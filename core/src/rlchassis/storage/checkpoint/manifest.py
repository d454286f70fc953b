"""Which checkpoints a run directory has, and whether they are intact; imports no torch."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.config.limits import MOST_CHECKPOINT_BYTES
from rlchassis.errors import StoredFileError
from rlchassis.storage.checkpoint.chunks import Chunks
from rlchassis.storage.reading import read_bytes, read_json

log = logging.getLogger(__name__)
CHECKPOINTS, CHUNKS, MANIFEST, STATE = "checkpoints", "chunks", "manifest.json", "state.safetensors"
FORMAT = 1


@frozen
class Checkpoint:
    """A checkpoint, as its manifest describes it."""

    path: Path
    step: int
    sha256: str
    """Digest of the file with the state."""
    size: int
    chunks: tuple[str, ...]
    """Names of the chunks of large arrays."""
    record: Mapping[str, Any]
    """Plain data about the run: versions, device, threads, whether environments resume exactly."""

    @property
    def is_exact(self) -> bool:
        """Whether the state of the environments is in it, so that a resumed run goes on exactly."""
        return self.record.get("exact") is True

    def read(self) -> bytes:
        """The file with the state; StoredFileError if it differs from the manifest in size or digest."""
        content = read_bytes(self.path / STATE, MOST_CHECKPOINT_BYTES)
        if (len(content), hashlib.sha256(content).hexdigest()) != (self.size, self.sha256):
            raise StoredFileError(f"{self.path / STATE} differs from its manifest in size or digest.")
        return content

    def verify(self) -> None:
        """StoredFileError if a file is missing or damaged."""
        self.read()
        store = Chunks(self.path.parent / CHUNKS)
        for name in self.chunks:
            store.verify(name)


def checkpoints_of(directory: Path) -> list[Path]:
    """Directories of checkpoints, newest first, unverified."""
    found = [(int(match[1]), path) for path in entries(directory / CHECKPOINTS) if (match := re.fullmatch(r"ckpt-(\d{1,18})", path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def newest_checkpoint(directory: Path) -> Checkpoint:
    """The newest intact checkpoint of a run directory; logs a warning about newer ones that are damaged. StoredFileError without one."""
    paths = checkpoints_of(directory)
    for path in paths:
        try:
            checkpoint = read_manifest(path)
            checkpoint.verify()
        except StoredFileError as error:
            log.warning("The checkpoint %s is passed over: %s", path.name, error)
        else:
            return checkpoint
    if paths:
        raise StoredFileError(f"none of the {len(paths)} checkpoints in {directory / CHECKPOINTS} is intact.")
    raise StoredFileError(f"{directory} contains no checkpoint to resume from; pass the directory of a run that has written one.")


def read_manifest(path: Path) -> Checkpoint:
    """The manifest of a checkpoint; StoredFileError if it is missing or damaged."""
    match read_json(path / MANIFEST):
        case {"format": int(version), "step": int(step), "files": dict() as files, "chunks": list() as chunks, "record": dict() as record}:
            pass
        case _:
            raise StoredFileError(f"{path / MANIFEST} is not laid out as that of a checkpoint.")
    if version is True or version != FORMAT:
        raise StoredFileError(f"{path} has format {version}, written by another version of rlchassis-core.")
    match files:
        case {"state.safetensors": {"size": int(size), "sha256": str(sha256)}} if all(isinstance(name, str) for name in chunks):
            return Checkpoint(path, step, sha256, size, tuple(chunks), record)
    raise StoredFileError(f"{path / MANIFEST} does not describe the files of a checkpoint.")


def entries(directory: Path) -> Iterator[Path]:
    """What is in a directory; nothing if it cannot be read."""
    with suppress(OSError):
        yield from list(directory.iterdir())
