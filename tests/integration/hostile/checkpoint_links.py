"""What may lie in the place of a checkpoint or one of its files: links, pipes, folders, and parts of other checkpoints and runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from checkpoint_layout import BEFORE, STEPS, Spoil, newest, state_of


def things(other: Path) -> dict[str, Spoil]:
    """What is put in the place of a file."""
    return {
        "missing": lambda path: None,
        "a pipe": os.mkfifo,
        "a folder": Path.mkdir,
        "a link to a device": lambda path: path.symlink_to("/dev/zero"),
        "a link out": lambda path: path.symlink_to(next(other.glob(f"checkpoints/*/{path.name}"), other / "experiment.json")),
        "a link to itself": lambda path: path.symlink_to(path.name),
    }


def instead(file: Callable[[Path], Path], put: Spoil, directory: Path) -> None:
    """Replace a file."""
    path = file(directory)
    path.unlink()
    put(path)


def foreign(other: Path) -> Iterator[tuple[str, Spoil]]:
    """Parts of another checkpoint in the place of the newest, and what is no folder of a checkpoint."""
    yield "the state of the checkpoint before", lambda d: shutil.copy(d / f"checkpoints/ckpt-{BEFORE}/state.safetensors", state_of(d))
    yield "the manifest of the checkpoint before", lambda d: shutil.copy(d / f"checkpoints/ckpt-{BEFORE}/manifest.json", newest(d))
    yield "a checkpoint of another run", partial(_of_another_run, other)
    yield (
        "the checkpoint before by a later name",
        lambda d: (
            shutil.rmtree(newest(d)),
            shutil.copytree(d / f"checkpoints/ckpt-{BEFORE}", newest(d)),
        ),
    )
    yield "a folder that is a link out", partial(_linked, f"ckpt-{STEPS}", other)
    yield "a folder that is a file", lambda d: (shutil.rmtree(newest(d)), newest(d).write_bytes(b""))
    yield "an empty folder", lambda d: (shutil.rmtree(newest(d)), newest(d).mkdir())


def hopeless(other: Path) -> Iterator[tuple[str, Spoil]]:
    """Where there is no checkpoint before that could be used instead."""
    yield "chunks that are a link out", partial(_linked, "chunks", other)
    yield (
        "checkpoints that are a link out",
        lambda d: (shutil.rmtree(d / "checkpoints"), (d / "checkpoints").symlink_to(other / "checkpoints")),
    )
    yield "checkpoints that are a file", lambda d: (shutil.rmtree(d / "checkpoints"), (d / "checkpoints").write_bytes(b""))
    yield "experiment.json of another run", lambda d: shutil.copy(other / "experiment.json", d / "experiment.json")
    yield (
        "all checkpoints of another run",
        lambda d: (
            shutil.rmtree(d / "checkpoints"),
            shutil.copytree(other / "checkpoints", d / "checkpoints"),
        ),
    )


def _linked(name: str, other: Path, directory: Path) -> None:
    path = directory / "checkpoints" / name
    shutil.rmtree(path)
    path.symlink_to(other / "checkpoints" / name)


def _of_another_run(other: Path, directory: Path) -> None:
    shutil.rmtree(newest(directory))
    shutil.copytree(newest(other), newest(directory))
    shutil.copytree(other / "checkpoints/chunks", directory / "checkpoints/chunks", dirs_exist_ok=True)
