"""No circle of files: in no package does a file import one that imports it again, by however many others, for its types included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "core/src/rlchassis", *sorted(file.parent for file in ROOT.glob("plugins/*/src/*/__init__.py"))]

Graph = dict[str, set[str]]


def module_name(file: Path, package: Path) -> str:
    return ".".join(file.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(text: str) -> Iterator[tuple[str, str]]:
    """What a file imports, at its top, in functions or for its types: ("module", "name") or ("module", "")."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def imports_within(package: Path) -> Graph:
    """Of each file of a package, the files of it that it imports."""
    texts = {module_name(file, package): file.read_text("utf-8") for file in package.rglob("*.py")}
    graph: Graph = {}
    for module, text in texts.items():
        found = {each if (each := f"{source}.{name}") in texts else source for source, name in imported(text)}
        graph[module] = (found & texts.keys()) - {module}
    return graph


def reachable(start: str, graph: Graph) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def circles(graph: Graph) -> set[frozenset[str]]:
    """The largest sets of files that import each other."""
    reached = {module: reachable(module, graph) for module in graph}
    return {frozenset(other for other in reached[module] if module in reached[other]) for module in graph if module in reached[module]}


def test_files_that_import_each_other_by_way_of_a_third_one_are_a_circle():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert circles(graph) == {frozenset("abc")}


def test_an_import_for_types_and_one_within_a_function_close_a_circle(tmp_path):
    package = tmp_path / "acme"
    (package / "room").mkdir(parents=True)
    (package / "room/__init__.py").write_text("")
    (package / "room/low.py").write_text("if TYPE_CHECKING:\n    from acme.room.high import High\n")
    (package / "room/high.py").write_text("def use():\n    from acme.room import low\n")
    assert circles(imports_within(package)) == {frozenset({"acme.room.low", "acme.room.high"})}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_files_of_a_package_import_each_other_in_a_circle(package):
    assert [sorted(circle) for circle in circles(imports_within(package))] == []
