"""The house keeps its own rules: what one file says of the plugins, the others say too."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name as canonical

from rlchassis.registry import FIRST_PARTY, first_party_distribution

ROOT = Path(__file__).parents[2]
FOLDERS = {folder.name: folder for folder in sorted((ROOT / "plugins").iterdir()) if folder.is_dir() and any(folder.iterdir())}
PLUGINS = {name: folder for name, folder in FOLDERS.items() if name != "rlchassis-testkit"}
INSTALLED = packages_distributions()
INSTALLABLE = {"rlchassis": ROOT, "rlchassis-core": ROOT / "core", **FOLDERS}


def read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def project(name: str) -> dict[str, Any]:
    return read(INSTALLABLE[name] / "pyproject.toml")["project"]


def package(name: str) -> Path:
    return INSTALLABLE[name] / "src" / ("rlchassis" if name == "rlchassis-core" else name.replace("-", "_"))


def registered(name: str) -> set[tuple[str, str]]:
    """Kind and name of each entry point, the manifest's aside."""
    groups = {group.removeprefix("rlchassis."): entries for group, entries in project(name)["entry-points"].items()}
    return {(kind, entry) for kind, entries in groups.items() if kind != "manifest" for entry in entries}


def described(name: str) -> set[tuple[str, str]]:
    """Kind and name of each table in the manifest."""
    tables = {kind: table for kind, table in read(package(name) / "rlchassis.toml").items() if isinstance(table, dict)}
    return {(kind, entry) for kind, table in tables.items() for entry in table}


def sibling_bounds() -> list[tuple[str, Requirement]]:
    """Every requirement on another distribution of this house, beside the name of the one that has it."""
    requirements = [(name, Requirement(line)) for name in INSTALLABLE for line in requirement_lines(name)]
    return [(name, wanted) for name, wanted in requirements if wanted.name.startswith("rlchassis-")]


def requirement_lines(name: str) -> list[str]:
    table = project(name)
    return [*table["dependencies"], *chain.from_iterable(table.get("optional-dependencies", {}).values())]


def declared(name: str) -> set[str]:
    return {canonical(Requirement(line).name) for line in project(name)["dependencies"]}


def providers(module: str) -> set[str]:
    """The distributions that a package may come from."""
    ours = {package(name).name: [name] for name in INSTALLABLE if name != "rlchassis"}
    return {canonical(name) for name in ours.get(module) or INSTALLED.get(module, [])}


def imported_packages(folder: Path) -> set[str]:
    """The top-level names of all that the files in a folder import."""
    nodes = [node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_distribution_is_named_like_its_folder(name):
    assert project(name)["name"] == name


@pytest.mark.parametrize("name", INSTALLABLE)
def test_every_distribution_has_a_readme_and_a_licence(name):
    assert (INSTALLABLE[name] / "README.md").stat().st_size > 0
    assert (INSTALLABLE[name] / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", ["rlchassis-core", *FOLDERS])
def test_every_package_is_typed(name):
    assert (package(name) / "py.typed").is_file()


@pytest.mark.parametrize("name", ["rlchassis-core", *FOLDERS])
def test_a_distribution_declares_what_it_imports(name):
    foreign = imported_packages(package(name)) - sys.stdlib_module_names - {package(name).name}
    assert [module for module in foreign if not providers(module) & declared(name)] == []


@pytest.mark.parametrize("name", ["rlchassis-core", *PLUGINS])
def test_entry_points_and_manifest_name_the_same_things(name):
    assert registered(name) == described(name) != set()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in FIRST_PARTY.items() for name in names])
def test_every_name_in_an_install_hint_is_provided_by_that_distribution(kind, name):
    assert (kind, name) in registered(first_party_distribution(kind, name))


@pytest.mark.parametrize("name", ["rlchassis-core", *PLUGINS])
def test_the_manifest_is_where_its_entry_point_says(name):
    assert project(name)["entry-points"]["rlchassis.manifest"] == {name: f"{package(name).name}:rlchassis.toml"}
    assert (package(name) / "rlchassis.toml").is_file()


@pytest.mark.parametrize("name", PLUGINS)
def test_a_component_that_the_manifest_needs_is_a_runtime_dependency(name):
    tables = [table for kind in read(package(name) / "rlchassis.toml").values() if isinstance(kind, dict) for table in kind.values()]
    needed = {f"rlchassis-{short}" for table in tables for shorts in table.get("needs", {}).values() for short in shorts}
    assert needed <= {Requirement(line).name for line in project(name)["dependencies"]}


@pytest.mark.parametrize(("name", "wanted"), [pytest.param(name, wanted, id=f"{name}-{wanted.name}") for name, wanted in sibling_bounds()])
def test_a_sibling_is_wanted_from_a_minor_version_to_the_next_major_one(name, wanted):
    written = re.fullmatch(r">=(\d+)\.\d+,<(\d+)", ",".join(sorted(str(wanted.specifier).split(","), reverse=True)))
    assert written, wanted
    assert int(written[2]) == int(written[1]) + 1
    assert project(wanted.name)["version"] in SpecifierSet(str(wanted.specifier))


def test_core_depends_on_no_sibling():
    assert [wanted.name for name, wanted in sibling_bounds() if name == "rlchassis-core"] == []


def test_the_meta_distribution_offers_every_plugin():
    meta = project("rlchassis")
    defaults = {Requirement(line).name for line in meta["dependencies"]}
    extras = {Requirement(line).name for lines in meta["optional-dependencies"].values() for line in lines} - {"rlchassis"}
    assert defaults | extras == {"rlchassis-core", *PLUGINS}
    (everything,) = meta["optional-dependencies"]["all"]
    assert Requirement(everything).extras == meta["optional-dependencies"].keys() - {"all"}


def test_the_import_contracts_list_every_plugin():
    linter = read(ROOT / "pyproject.toml")["tool"]["importlinter"]
    packages = {package(name).name for name in FOLDERS}
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    assert set(linter["root_packages"]) == {"rlchassis", *packages}
    assert set(contracts["core-knows-no-plugin"]["forbidden_modules"]) == packages
    assert set(contracts["plugins-stand-beside-each-other"]["modules"]) == packages - {"rlchassis_toolkit"}
    assert set(contracts["toolkit-below-plugins"]["forbidden_modules"]) == packages - {"rlchassis_toolkit"}


def test_nox_finds_every_plugin_and_runs_at_least_one_cell_of_each():
    checkout = runpy.run_path(str(ROOT / "tools" / "checkout.py"))
    assert set(checkout["PLUGINS"]) == PLUGINS.keys()
    assert all(checkout["has_a_cell"](name) for name in PLUGINS)


def test_the_readme_tells_the_commands_that_are_checked():
    readme, checked = ((ROOT / file).read_text(encoding="utf-8") for file in ("README.md", ".ci/run"))
    (command,) = re.findall(r"^python3 -m venv .* -s tests$", checked, flags=re.MULTILINE)
    assert command in readme
    assert command.removesuffix("tests") + "demo" in readme
