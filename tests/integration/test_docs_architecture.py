"""docs/architecture.md names what is there: rooms, files, functions, imports, and the calls from the verb to PPO's loss."""

from __future__ import annotations

import graphlib
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import FrameType

import pytest

from rlchassis.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CORE = ROOT / "core" / "src" / "rlchassis"
PLACES = sorted(set(re.findall(r"`([\w/]+)\.py`(?:: `([\w.]+)`(?:, `([\w.]+)`)?)?", PAGE)))


@pytest.fixture(scope="module")
def import_map():
    sys.path.insert(0, str(ROOT))
    try:
        yield importlib.import_module("tools.import_map")
    finally:
        sys.path.remove(str(ROOT))


def module_of(path: str) -> str:
    """By a path as the page writes it."""
    return ("" if path.startswith("rlchassis_") else "rlchassis.") + path.replace("/", ".")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(filter(None, place)))
def test_a_file_and_a_function_of_the_page_are_there(place):
    path, *names = place
    for name in filter(None, names):
        holder = importlib.import_module(module_of(path))
        assert holder.__name__ == getattr(holder, name.partition(".")[0]).__module__
        for part in name.split("."):
            holder = getattr(holder, part)
    assert importlib.util.find_spec(module_of(path)) is not None


def rooms_of_the_page() -> list[str]:
    section = PAGE.partition("## Rooms and floors\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    return [room for row in rows for room in re.findall(r"`(\w+)`", row)]


def test_the_page_lists_every_room_of_core():
    folders = {file.parent.name for file in CORE.glob("*/__init__.py")}
    files = {file.stem for file in CORE.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(rooms_of_the_page()) == sorted(folders | files)


def test_the_page_lists_rooms_from_the_top_floor_to_the_lowest(import_map):
    number = {room: floor for floor, rooms in enumerate(import_map.all_floors()) for room in rooms}
    floors = [number[room] for room in rooms_of_the_page()]
    assert floors == sorted(floors)


def test_every_import_between_rooms_goes_down(import_map):
    number = {room: floor for floor, rooms in enumerate(import_map.all_floors()) for room in rooms}
    assert [(above, below) for above, below in import_map.room_imports() if number[above] >= number[below]] == []


def test_no_file_imports_itself_by_way_of_others(import_map):
    order = graphlib.TopologicalSorter(import_map.file_imports())
    order.prepare()  # CycleError names the files


class Loss(Exception):  # noqa: N818  it is no error
    """PPO's loss was called."""


def calls_to_the_loss(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """File and function of every frame of this project, from the verb down to the loss."""
    frames: list[FrameType] = []

    def loss(*_: object) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            frames.insert(0, frame)
            frame = frame.f_back
        raise Loss

    monkeypatch.setattr(importlib.import_module("rlchassis_ppo.algorithm"), "clipped_surrogate_loss", loss)
    quick = ["sampling.step_per_collect=32", "sampling.batch_size=16", "sampling.num_test_envs=0"]
    settings = [word for setting in quick for word in ("--set", setting)]
    assert main(["train", "ppo", "CartPole-v1", "--recipe", "none", "--steps", "32", "--dir", str(folder), *settings]) == 1
    ours = [called(each) for each in frames if each.f_globals["__name__"].startswith("rlchassis")]
    return [*ours[ours.index("cli/train.py: carry_out") :], "rlchassis_ppo/loss.py: clipped_surrogate_loss"]


def called(frame: FrameType) -> str:
    """As the page writes it."""
    return f"{frame.f_globals['__name__'].removeprefix('rlchassis.').replace('.', '/')}.py: {frame.f_code.co_qualname}"


def test_the_ten_calls_of_the_page_lead_from_the_verb_to_the_loss(tmp_path, monkeypatch):
    section = PAGE.partition("\n## From `rlchassis train ppo")[2]
    listed = [f"{file}: {function}" for file, function in re.findall(r"^\d+\. `([\w/.]+)`: `([\w.]+)`", section, re.MULTILINE)]
    assert len(listed) == 10
    calls = calls_to_the_loss(tmp_path, monkeypatch)
    remaining = iter(calls)
    assert [each for each in listed if each not in remaining] == [], calls
    assert len(calls) == 10 + int(re.search(r"a debugger shows (\d+) frames more", section)[1]), calls
