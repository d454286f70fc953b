"""Checkpoints that were damaged, or made to harm and signed again: their files, the tree of state, and single values of it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from checkpoint_files import files
from checkpoint_layout import Evil, Spoil, sign
from checkpoint_links import foreign
from checkpoint_manifests import manifests
from checkpoint_states import malformed, unusable
from checkpoint_tensors import containers, headers, with_header
from checkpoint_trees import with_tree


def damaged(command: str, other: Path) -> Iterator[tuple[str, Spoil]]:
    """What a disk, a copy or a stranger makes of the files of the newest checkpoint, without a new signature."""
    yield from files(command, other, "state", "manifest")
    yield from foreign(other)
    yield from manifests()


def signed(command: str) -> Iterator[tuple[str, Spoil]]:
    """States whose manifest has the right digest, as only who means it makes them."""
    yield "a pickle", partial(sign, edit=lambda _: pickle.dumps(Evil(command)))
    for name, edit in containers().items():
        yield name, partial(sign, edit=edit)
    for name, edit in headers(command).items():
        yield name, partial(sign, edit=partial(with_header, edit=edit))
    for name, edit in {**malformed(), **unusable()}.items():
        yield name, partial(sign, edit=partial(with_tree, edit=edit))
