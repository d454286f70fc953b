"""Which checkpoints a run directory has, and whether they are intact; imports no torch."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from attrs import frozen

from rlchassis.config.limits import MOST_CHECKPOINT_BYTES
from rlchassis.errors import StoredFileError
from rlchassis.storage.checkpoint.chunks import CHUNK_BYTES, Chunks
from rlchassis.storage.reading import open_stored, read_json
from rlchassis.storage.stored_configuration import read_configuration

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
    def missing(self) -> list[str]:
        """What is not in it, so that a resumed run does not go on exactly."""
        environments = [] if self.record.get("exact") is True else ["the state of its environments"]
        return [*environments, *map(str, self.record.get("uncovered", []))]

    def read(self) -> bytes:
        """The file with the state; StoredFileError if it differs from the manifest in size or digest."""
        with self._opened() as file:
            content = file.read(self.size)
        self._compare(hashlib.sha256(content))
        return content

    def _opened(self) -> IO[bytes]:
        file = open_stored(self.path / STATE, MOST_CHECKPOINT_BYTES)
        if os.fstat(file.fileno()).st_size == self.size:
            return file
        file.close()
        raise StoredFileError(f"{self.path / STATE} has another size than its manifest says.")

    def _compare(self, digest: Any) -> None:
        if digest.hexdigest() != self.sha256:
            raise StoredFileError(f"{self.path / STATE} has another digest than its manifest says.")

    def verify(self) -> None:
        """StoredFileError if a file is missing or damaged, or if it belongs to another run."""
        if self.record.get("configuration") != digest_of_configuration(self.path.parents[1]):
            raise StoredFileError(f"{self.path} was stored with another configuration than experiment.json holds now; put that one back.")
        digest = hashlib.sha256()
        with self._opened() as file:
            while part := file.read(CHUNK_BYTES):
                digest.update(part)
        self._compare(digest)
        store = Chunks(self.path.parent / CHUNKS)
        for name in self.chunks:
            store.verify(name)


def checkpoints_of(directory: Path) -> list[Path]:
    """Directories of checkpoints, newest first, unverified; StoredFileError where a link stands in the place of one of them."""
    base = directory / CHECKPOINTS
    if link := next((path for path in (base, base / CHUNKS) if path.is_symlink()), None):
        raise StoredFileError(f"{link} is a link, behind which may be another run's files; put a copy of them in its place.")
    found = [(int(match[1]), path) for path in entries(base) if (match := re.fullmatch(r"ckpt-(\d{1,18})", path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def newest_checkpoint(directory: Path) -> Checkpoint:
    """The newest intact checkpoint of a run directory; logs a warning about newer ones that are damaged. StoredFileError without one."""
    paths, problems = checkpoints_of(directory), dict[str, str]()
    for path in paths:
        try:
            checkpoint = read_manifest(path)
            checkpoint.verify()
        except StoredFileError as error:
            problems[path.name] = str(error)
        else:
            for name, problem in problems.items():
                log.warning("The checkpoint %s is passed over: %s", name, problem)
            return checkpoint
    if problems:
        raise StoredFileError(
            f"none of the {len(paths)} checkpoints in {directory / CHECKPOINTS} is intact: {next(iter(problems.values()))}"
        )
    raise StoredFileError(f"{directory} contains no checkpoint to resume from; pass the directory of a run that has written one.")


def read_manifest(path: Path) -> Checkpoint:
    """The manifest of a checkpoint; StoredFileError if it is missing or damaged."""
    if path.is_symlink():
        raise StoredFileError(f"{path} is a link, behind which may be another run's files; put a copy of them in its place.")
    match read_json(path / MANIFEST):
        case {"format": int(version)} if version is True or version != FORMAT:
            raise StoredFileError(f"{path} has format {version}, written by another version of rlchassis-core.")
        case {"sha256": str(sha256), **content} if sha256 == digest_of(content):
            return _checkpoint(path, content)
    raise StoredFileError(f"{path / MANIFEST} is damaged: its content has another digest.")


def _checkpoint(path: Path, content: Any) -> Checkpoint:
    match content:
        case {
            "step": int(step),
            "files": {"state.safetensors": {"size": int(size), "sha256": str(sha256)}},
            "chunks": [*chunks],
            "record": dict(record),
        } if path.name == f"ckpt-{step}" and all(isinstance(name, str) for name in chunks):
            return Checkpoint(path, step, sha256, size, tuple(chunks), record)
    raise StoredFileError(f"{path / MANIFEST} does not describe the checkpoint {path.name}.")


def digest_of(data: Any) -> str:
    """Digest of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def digest_of_configuration(directory: Path) -> str | None:
    """Digest of the configuration in a run directory; None without one."""
    with suppress(StoredFileError):
        return digest_of(read_configuration(directory))
    return None


def entries(directory: Path) -> Iterator[Path]:
    """What is in a directory; nothing if it cannot be read."""
    with suppress(OSError):
        yield from list(directory.iterdir())
