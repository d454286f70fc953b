"""The drawing of which room imports which, read from the code of core, the toolkit and the plugins.

usage: python -m tools.import_map [--write]
Imports within functions and under TYPE_CHECKING count. Without --write it prints what differs, and exits with 1 if anything does.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Container, Iterator
from pathlib import Path

from tools import checkout
from tools.generated import Section, main

SECTION = Section(checkout.ROOT / "docs" / "architecture.md", "imports", "python -m tools.import_map --write")
CORE, TOOLKIT, PLUGINS = "rlchassis", "toolkit", "plugins"

Edge = tuple[str, str]


def drawing() -> str:
    """Mermaid: a box per floor, and an arrow per import that does not follow from others."""
    edges, floors = room_imports(), all_floors()
    boxes = [f'    subgraph floor{len(floors) - number}[" "]\n        {"; ".join(rooms)}\n    end' for number, rooms in enumerate(floors)]
    arrows = [f"    {above} --> {below}" for above, below in sorted(needed(edges), key=lambda edge: position(floors, edge))]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *arrows, "```"])


def all_floors() -> list[list[str]]:
    """Plugins and toolkit above those of core, which are as the import contract has them; top first."""
    linter = tomllib.loads((checkout.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (each for each in linter["contracts"] if each["id"] == "floors")
    core = [[room.strip(" ()") for room in floor.split("|")] for floor in contract["layers"]]
    return [[PLUGINS], [TOOLKIT], *core]


def room_imports() -> set[Edge]:
    """Every pair of rooms of which the first imports the second."""
    rooms = {room for floor in all_floors() for room in floor}
    edges = {(room_of(file), room_named(module)) for file in source_files() for module in imported_modules(file)}
    return {(above, below) for above, below in edges if above != below and {above, below} <= rooms}


def file_imports() -> dict[str, set[str]]:
    """Module → the modules of this checkout that it imports."""
    modules = {module_of(file): file for file in source_files()}
    return {
        name: {found for each in imported_modules(file) if (found := nearest(each, modules)) not in ("", name)}
        for name, file in modules.items()
    }


def nearest(name: str, modules: Container[str]) -> str:
    """The module that a full name is of: itself, or that which holds it; empty where it is not of this checkout."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def module_of(file: Path) -> str:
    """As it is imported."""
    return ".".join(file.with_suffix("").parts[file.parts.index("src") + 1 :]).removesuffix(".__init__")


def source_files() -> Iterator[Path]:
    """All files that are installed, but for the test kit, which belongs to tests."""
    for name, folder in checkout.DISTRIBUTIONS.items():
        if name != checkout.TESTKIT:
            yield from sorted((folder / "src" / checkout.module_of(name)).rglob("*.py"))


def room_of(file: Path) -> str:
    """Of a source file."""
    return room_named(module_of(file))


def room_named(module: str) -> str:
    """The first name within core, toolkit, or plugins; empty for what is not of this checkout."""
    package, _, inner = module.partition(".")
    if package == CORE:
        return inner.partition(".")[0]
    if package == checkout.module_of(f"rlchassis-{TOOLKIT}"):
        return TOOLKIT
    return PLUGINS if package.startswith("rlchassis_") else ""


def imported_modules(file: Path) -> Iterator[str]:
    """Full names, wherever in the file they are imported."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def position(floors: list[list[str]], edge: Edge) -> tuple[int, ...]:
    """Where both ends of an arrow are in the drawing, counted from the top."""
    rooms = [room for floor in floors for room in floor]
    return tuple(map(rooms.index, edge))


def needed(edges: set[Edge]) -> set[Edge]:
    """Those that do not follow from a way over other rooms."""
    return {(above, below) for above, below in edges if not any((room, below) in closure(edges) for start, room in edges if start == above)}


def closure(edges: set[Edge]) -> set[Edge]:
    """Every pair of rooms with a way from the first to the second."""
    found = set(edges)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


if __name__ == "__main__":
    main(SECTION, drawing(), sys.argv[1:])
