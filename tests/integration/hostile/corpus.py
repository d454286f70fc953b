"""Every hostile run directory: its family, how it is made of an honest one, and by which doors it must not open, or may."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from archives import tricks
from checkpoint_files import chunks, gone
from checkpoint_links import hopeless
from checkpoint_trees import strange_values
from checkpoints import damaged, signed
from doors import (
    ALIKE,
    CHECKING,
    DRAWING,
    EVERY,
    GOING_ON,
    INSPECTING,
    LISTING,
    LOADING,
    PASSING_OVER,
    PLAYING,
    READING,
    REPEATING,
    RESTORING,
    RESUMING,
    USUAL,
)
from opcodes import strange_pickles
from pickles import pickles
from pickles import planted as commands
from places import FILES, instead, things, whole_directories
from policies import archives, contents, records, rewritten
from recipes import LATE, MEANINGS, ONLY_PLAYED, ONLY_READ, changed, texts
from sidecars import locks, metrics, provenances
from traps import TRAPS
from wishes import ALLOWED, IMPORTING, KWARGS, REFUSED, TOO_MUCH, mutations

READERS = {
    "experiment.json": EVERY + INSPECTING,
    "experiment.pkl": EVERY + INSPECTING,
    "policy.pt": LOADING + PLAYING + INSPECTING,
    "metrics.jsonl": INSPECTING + DRAWING,
    "provenance.json": INSPECTING,
    "run.lock": INSPECTING,
}
HARMLESS = ("an empty file", "a link to another file of the directory", "a device", "a link to nowhere")
"""What may be taken for a file, or for none."""

LONG = {  # all doors open these, too, by `nox -s faults -- hostile`
    "8 MiB of small numbers",
    "a million rows",
    "dicts 100 000 deep",
    "tuples 200 000 deep",
    "the record has a million layers of width 0",
    "50 000 marks",
    "ten thousand members more",
}


@dataclass
class Case:
    family: str
    name: str
    make: Callable[[Path], Any]
    """Spoils a copy of an honest directory."""
    refused: Sequence[str] = ()
    """Doors that must refuse it."""
    open: Sequence[str] = ()
    """Doors that may open it."""
    base: str = "policy_state_dict"
    """Name of the honest directory: "policy" where the policy needs no recipe; "resumable" and "in chunks" have two checkpoints."""

    def doors(self, turn: int) -> Sequence[str]:
        """Those that must refuse it, and those that may open it; of doors that play a policy by the same functions one, by turns.

        One of all, where reading takes seconds.
        """
        doors = (*self.refused, *(door for door in self.open if door not in self.refused))
        if self.name in LONG:
            return doors[:1] if self.refused else doors[-1:]
        alike = [door for door in doors if door in ALIKE]
        return [door for door in doors if door not in alike or door == alike[turn % len(alike)]]


def corpus(folder: Path, share: int = 1) -> Iterator[Case]:
    """All, and of the families that are made by multiplication one of `share`."""
    honest = folder / "policy_state_dict"
    yield from _recipes(honest, f"touch {folder / 'planted'}")
    yield from _policies(folder / "policy", f"touch {folder / 'planted'}")
    yield from _wishes(json.loads((honest / "experiment.json").read_text("utf-8")), share)
    yield from _files(folder, honest)
    yield from _checkpoints(folder, share)


def _written(file: str, content: bytes) -> Callable[[Path], Any]:
    def write(directory: Path) -> None:
        if file == "experiment.pkl":
            (directory / "experiment.json").unlink()
        (directory / file).write_bytes(content)

    return write


def _recipes(honest: Path, command: str) -> Iterator[Case]:
    recipe = json.loads((honest / "experiment.json").read_text("utf-8"))
    for name, content in pickles((honest / "experiment.pkl").read_bytes(), command).items():
        yield Case("experiment.pkl", name, _written("experiment.pkl", content), EVERY + INSPECTING)
    for name, content in texts(recipe).items():
        yield Case("experiment.json as text", name, _written("experiment.json", content), EVERY + INSPECTING)
    for family, doors in ((MEANINGS, EVERY), (ONLY_READ, READING), (ONLY_PLAYED, PLAYING), (LATE, LOADING + PLAYING)):
        for name, changes in family.items():
            yield Case("meaning of experiment.json", name, _written("experiment.json", changed(recipe, changes)), doors, INSPECTING)


def _policies(honest: Path, command: str) -> Iterator[Case]:
    policy, whole = torch.load(honest / "policy.pt", weights_only=True), (honest / "policy.pt").read_bytes()
    doors = LOADING + PLAYING + RESTORING
    evil = commands(command)["STACK_GLOBAL"]
    families = {
        "policy.pt as a file": archives(policy, command),
        "content of policy.pt": contents(policy),
        "archive of policy.pt": tricks(whole, evil),
        "pickle of policy.pt": {name: rewritten(whole, {"data.pkl": each}) for name, each in strange_pickles().items()},
    }
    for family, files in families.items():
        for name, content in files.items():
            yield Case(family, name, _written("policy.pt", content), doors, INSPECTING, base="policy")
    for name, content in records(policy).items():
        yield Case("record of policy.pt", name, _written("policy.pt", content), LOADING, INSPECTING, base="policy")


def _wishes(recipe: dict[str, Any], share: int) -> Iterator[Case]:
    def asking(changes: Any) -> Callable[[Path], Any]:
        return _written("experiment.json", changed(recipe, changes))

    for name, changes in REFUSED.items():
        yield Case("wishes", name, asking(changes), LOADING + PLAYING, READING + INSPECTING)
    for name, (changes, door) in TOO_MUCH.items():
        yield Case("wishes", name, asking(changes), (door,), USUAL)
    for name, changes in ALLOWED.items():
        yield Case("wishes", name, asking(changes), (), USUAL + REPEATING + INSPECTING)
    for name, kwargs in IMPORTING.items():
        changes = {"env_factory.options.task": "Importing-v0", KWARGS: kwargs}
        yield Case("imports", name, asking(changes), EVERY, INSPECTING)
    for i, (name, changes) in enumerate(mutations(recipe).items()):
        if i % share == 0:
            yield Case("one strange value", name, asking(changes), (), USUAL)


def _files(folder: Path, honest: Path) -> Iterator[Case]:
    provenance = json.loads((honest / "provenance.json").read_text("utf-8"))
    for family, files in (
        ("metrics.jsonl", metrics()),
        ("provenance.json", provenances(provenance)),
        ("run.lock", locks()),
    ):
        for name, content in files.items():
            yield Case(family, name, _written(family, content), (), USUAL + (DRAWING if family == "metrics.jsonl" else ()))
    for name, put in things(honest).items():
        for file in FILES:
            refused = () if name in HARMLESS else READERS[file][: -1 if (name, file) == ("4 GiB of nothing", "policy.pt") else None]
            others = tuple(door for door in USUAL if door not in refused)
            yield Case("no regular file", f"{name} for {file}", lambda d, f=file, p=put: instead(d, f, p), refused, others)
    for name, spoil in whole_directories(honest).items():
        yield Case("no directory", name, spoil, USUAL + DRAWING)
    for trap in TRAPS:
        yield Case("planted", trap.__name__, partial(trap, victim=folder / "victim"), (), USUAL + DRAWING + LISTING)


def _checkpoints(folder: Path, share: int) -> Iterator[Case]:
    command, other, some = f"touch {folder / 'planted'}", folder / "another", 1 if share == 1 else 2
    for name, spoil in islice(damaged(command, other), 0, None, some):
        yield Case("files of a checkpoint", name, spoil, (), PASSING_OVER + CHECKING, "resumable")
    for name, spoil in islice(chunks(command, folder / "another in chunks"), 0, None, some):
        yield Case("chunks of a checkpoint", name, spoil, (), PASSING_OVER + CHECKING, "in chunks")
    yield Case("no checkpoint", "no chunks", gone, RESUMING, CHECKING, "in chunks")
    for name, spoil in hopeless(other):
        yield Case("no checkpoint", name, spoil, RESUMING, CHECKING, "resumable")
    for i, (name, spoil) in enumerate(islice(signed(command), 0, None, some)):
        yield Case("content of a checkpoint", name, spoil, RESUMING[i % 2 :][:1], CHECKING[i % 2 :][:1], "resumable")
    for name, spoil in islice(strange_values(folder / "resumable"), 0, None, 6 * share**2):
        yield Case("one strange value in a checkpoint", name, spoil, (), GOING_ON, "resumable")


def laid_out(case: Case, folder: Path) -> Path:
    """The directory of a case; that of the one before goes."""
    directory = folder / "opened"
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        directory.unlink()
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(folder / case.base, directory)
    case.make(directory)
    return directory
