"""Writing and reading the checkpoints of a run directory; one is written completely or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.data.state_tree import State
from rlchassis.errors import StoredFileError
from rlchassis.storage.checkpoint.chunks import SUFFIX, Chunks
from rlchassis.storage.checkpoint.encoding import Encoder, decode
from rlchassis.storage.checkpoint.manifest import (
    CHECKPOINTS,
    CHUNKS,
    FORMAT,
    MANIFEST,
    STATE,
    Checkpoint,
    checkpoints_of,
    digest_of,
    digest_of_configuration,
    entries,
    read_manifest,
)
from rlchassis.storage.files import write_atomically

KEPT = 2
"""Number of checkpoints that are kept."""
OURS = re.compile(r"ckpt-\d+|\.ckpt-\d+\.[0-9a-f]+\.(new|old)")
"""Names of checkpoints, also of those that are written or replaced; whatever else is there stays."""


@frozen
class Written:
    """What writing a checkpoint took."""

    path: Path
    num_bytes: int
    """New bytes on the disk."""


def write_checkpoint(directory: Path, step: int, state: State, record: Mapping[str, Any]) -> Written:
    """Write a checkpoint of a run directory, then remove older ones than the newest KEPT and chunks that none of these uses."""
    checkpoints_of(directory)  # refuses links
    base = directory / CHECKPOINTS
    base.mkdir(exist_ok=True)  # not its parents: a run directory that was taken away stays away
    (base / CHUNKS).mkdir(exist_ok=True)
    chunks = Chunks(base / CHUNKS)
    content = Encoder(chunks).encode(state)
    described = {
        "format": FORMAT,
        "step": step,
        "files": {STATE: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}},
        "chunks": sorted(chunks.used),
        "record": {**record, "configuration": digest_of_configuration(directory)},
    }
    manifest = {**described, "sha256": digest_of(described)}
    final, beside = base / f"ckpt-{step}", base / f".ckpt-{step}.{os.urandom(8).hex()}.new"
    try:
        beside.mkdir()
        write_atomically(beside / STATE, lambda file: file.write(content))
        write_atomically(beside / MANIFEST, lambda file: file.write(json.dumps(manifest, indent=1).encode()))
        if final.exists():
            final.rename(beside.with_suffix(".old"))
        beside.rename(final)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)  # room for the next one
        raise
    _sync(base)
    _prune(base)
    return Written(final, len(content) + chunks.written)


def read_checkpoint(checkpoint: Checkpoint) -> State:
    """The state in a checkpoint; StoredFileError if it is damaged."""
    return decode(checkpoint.read(), Chunks(checkpoint.path.parent / CHUNKS), str(checkpoint.path / STATE))


def _prune(base: Path) -> None:
    """Remove old checkpoints, interrupted ones, and chunks without a checkpoint."""
    kept = checkpoints_of(base.parent)[:KEPT]
    used = {name for path in kept for name in _chunks_of(path)}
    for path in entries(base):
        if OURS.fullmatch(path.name) and path not in kept and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        for path in entries(base / CHUNKS):
            if path.suffix == SUFFIX and path.name not in used:
                path.unlink()


def _chunks_of(path: Path) -> tuple[str, ...]:
    try:
        return read_manifest(path).chunks
    except StoredFileError:
        return ()


def _sync(directory: Path) -> None:
    """Let the directory's own entries reach the disk."""
    with suppress(OSError, AttributeError):
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
