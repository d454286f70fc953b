"""What a trial is, the place where it happens, and what must hold after each: no process, file or lock is left, old files are whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import processes
from processes import Child, forked

SECONDS_TO_VANISH = 20.0
SHARED_MEMORY = Path("/dev/shm")


@dataclass
class Place:
    """A folder with a finished run, log/old, in which children of a trial work."""

    folder: Path
    random: Random
    """Where all that is left to chance comes from."""
    forgives: set[str] = field(default_factory=set)
    """Leftovers that nobody can prevent: "lock" and "new" where SIGKILL struck."""
    base: Path = field(init=False)
    """Where runs go."""
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base = self.folder / "log"

    @property
    def run(self) -> Path:
        """The run that is meant where there is one."""
        return self.base / "mine"

    def start(self, act: Callable[[], object], name: str = "it", out: str | None = None, err: str | None = None) -> Child:
        """Do something in a process of its own, which writes to NAME.out and NAME.err."""
        child = forked(act, self.folder, out or self.folder / f"{name}.out", err or self.folder / f"{name}.err")
        self.children.append(child)
        return child

    def said(self, name: str = "it") -> str:
        """What it wrote to stderr."""
        return _text(self.folder / f"{name}.err")

    def message(self, act: Callable[[], Any], seconds: float = 90.0) -> Any:
        """What something returns, as data, that is done in a process of its own."""
        file = self.folder / "spec.json"
        file.unlink(missing_ok=True)
        child = self.start(lambda: file.write_text(json.dumps(act()), "utf-8") and 0, "message")
        code = child.wait(seconds)
        assert code == 0, f"exit code {code}: {self.said('spec')[-600:]}"
        return json.loads(file.read_text("utf-8"))


@dataclass
class Row:
    """What came of one thing that was tried."""

    family: str
    name: str
    problem: str = ""
    """What is wrong with it, if anything."""
    seconds: float = 0.0


@dataclass
class Trial:
    """Something that goes wrong; what must come of it is asserted."""

    family: str
    name: str
    act: Callable[[Place], object]
    """May return rows of its own, where it tries several things."""
    seconds: int = 300
    """How long it may take."""


def tried(trial: Trial, folder: Path, old: Path, seed: str, look: Callable[[Path], str | None]) -> list[Row]:
    """What came of a trial; `look` opens a run directory in a process of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(old, folder / "log" / "old")
    (folder / "tmp").mkdir()
    before, begun = contents(folder / "log" / "old"), time.monotonic()
    place = Place(folder, Random(f"{seed}/{trial.family}/{trial.name}"))
    shared = set(os.listdir(SHARED_MEMORY))  # noqa: PTH208  names are all that is compared  names are enough
    problems: list[str] = []
    rows: object = None
    try:
        with ended_after(trial.seconds):
            rows = trial.act(place)
    except AssertionError as wrong:
        problems.append(" ".join(str(wrong).split())[:1500] or traceback.format_exc()[-400:])
    except Exception:  # noqa: BLE001  the trial itself went wrong
        problems.append(" ".join(traceback.format_exc().split())[-1500:])
    problems += [" ".join(text.split())[-1500:] for text in map(_text, folder.glob("*.err")) if "Fatal Python error" in text]
    problems += _running()
    problems += [f"left in shared memory: {name}" for name in set(os.listdir(SHARED_MEMORY)) - shared]  # noqa: PTH208  names are all that is compared
    problems += [
        f"left as temporary file: {path.name}" for path in (folder / "tmp").iterdir() if not path.name.startswith("torchinductor_")
    ]
    if contents(folder / "log" / "old") != before:
        problems.append("the old run was changed")
    problems += [problem for run in _runs(place.base) for problem in _left(run, place, look)]
    if place.base.is_mount():
        processes.unmount(place.base)
    return [*(rows if isinstance(rows, list) else ()), Row(trial.family, trial.name, "; ".join(problems), time.monotonic() - begun)]


@contextmanager
def ended_after(seconds: int) -> Iterator[None]:
    """AssertionError within, once it has taken so long."""

    def late(*_: object) -> None:
        raise AssertionError(f"it took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def contents(directory: Path) -> dict[str, bytes]:
    """All files below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def _running() -> list[str]:
    """What still runs after a while, which is then ended."""
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while (left := processes.descendants()) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while left and processes.descendants():
        time.sleep(0.02)
    return [f"still running: {name or pid}" for pid, name in left.items()]


def _runs(base: Path) -> list[Path]:
    """All but the old one, which is compared byte by byte."""
    found = {path.parent for name in ("experiment.json", "run.lock", "policy.pt") for path in base.rglob(name)} if base.is_dir() else set()
    return sorted(found - {base / "old"})


def _left(run: Path, place: Place, look: Callable[[Path], str | None]) -> list[str]:
    found = []
    if "lock" not in place.forgives and (run / "run.lock").exists():
        found.append(f"{run.name} is still locked")
    if "new" not in place.forgives:
        found += [f"left half written: {path.name}" for path in run.glob(".*.new")]
    outcome = look(run)
    return [*found, *([f"{run.name} cannot be opened: {outcome}"] if outcome else [])]
