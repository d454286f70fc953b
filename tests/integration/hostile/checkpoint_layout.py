"""Where the parts of a checkpoint lie, and how a changed one is signed again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlchassis.storage.checkpoint.manifest import digest_of

Spoil = Callable[[Path], Any]
Edit = Callable[[Any], Any]
STEPS, BEFORE, AFTER = 64, 32, 72
"""Of the newest checkpoint, of the one before it, and to which a run is resumed."""
CHUNK = "0" * 64 + ".chunk"


class Evil:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def newest(directory: Path) -> Path:
    return directory / f"checkpoints/ckpt-{STEPS}"


def state_of(directory: Path) -> Path:
    return newest(directory) / "state.safetensors"


def a_chunk(directory: Path) -> Path:
    """One that both checkpoints use is damaged in both; this one is the newest's alone."""
    names = [set(json.loads((directory / f"checkpoints/ckpt-{step}/manifest.json").read_text())["chunks"]) for step in (STEPS, BEFORE)]
    return directory / "checkpoints/chunks" / min(names[0] - names[1])


def sign(directory: Path, edit: Callable[[bytes], bytes]) -> None:
    """Replace the newest state, and write a manifest that fits."""
    content = edit(state_of(directory).read_bytes())
    state_of(directory).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    rewrite_manifest(directory, lambda data: {**data, "files": {"state.safetensors": facts}})


def rewrite_manifest(directory: Path, edit: Edit) -> None:
    """Replace the manifest by one with another content and its digest."""
    path = newest(directory) / "manifest.json"
    data = json.loads(path.read_text("utf-8"))
    edited = edit({name: value for name, value in data.items() if name != "sha256"})
    if isinstance(edited, dict) and "sha256" not in edited:
        edited = {**edited, "sha256": digest_of(edited)}
    path.write_text(json.dumps(edited), "utf-8")
