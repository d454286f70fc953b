"""What this checkout holds, read from its pyproject files alone: no plugin is imported to find out."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
META = "rlchassis"
CORE = "rlchassis-core"
TESTKIT = "rlchassis-testkit"


def project_of(folder: Path) -> dict[str, Any]:
    """The [project] table of a folder's pyproject file."""
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def find_distributions(root: Path = ROOT) -> dict[str, Path]:
    """Name → folder of all that can be installed, the meta-distribution aside."""
    folders = [root / "core", *sorted(file.parent for file in root.glob("plugins/*/pyproject.toml"))]
    return {project_of(folder)["name"]: folder for folder in folders}


DISTRIBUTIONS = find_distributions()
PLUGINS = tuple(name for name in DISTRIBUTIONS if name not in (CORE, TESTKIT))
CELLS = tuple(product(PLUGINS, ("editable", "wheel"), ("highest", "lowest")))


def short(plugin: str) -> str:
    """The name that users write: rlchassis-ppo → ppo."""
    return plugin.removeprefix("rlchassis-")


def module_of(distribution: str) -> str:
    """The package that a distribution installs: rlchassis-obs-norm → rlchassis_obs_norm."""
    return "rlchassis" if distribution == CORE else distribution.replace("-", "_")


def requirements_of(distribution: str) -> list[Requirement]:
    """What a distribution says it needs at run time."""
    return [Requirement(line) for line in project_of(DISTRIBUTIONS[distribution])["dependencies"]]


def with_siblings(*distributions: str) -> tuple[str, ...]:
    """These distributions and all of this checkout that they need, in a fixed order."""
    needed = set(distributions)
    for distribution in distributions:
        siblings = {requirement.name for requirement in requirements_of(distribution)} & DISTRIBUTIONS.keys()
        needed |= set(with_siblings(*siblings))
    return tuple(sorted(needed))


def lowest_bounds(distributions: tuple[str, ...]) -> dict[str, Version]:
    """The lowest version of each foreign requirement that satisfies all these distributions."""
    bounds: dict[str, Version] = {}
    for requirement in (line for distribution in distributions for line in requirements_of(distribution)):
        if requirement.name in DISTRIBUTIONS:
            continue
        name = canonicalize_name(requirement.name)
        lower = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==", "~=")]
        bounds[name] = max([bounds.get(name, Version("0")), *lower])
    return bounds


def pinned() -> dict[str, str]:
    """Name → whole line of what constraints.txt pins for every environment."""
    lines = [line.strip() for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines()]
    return {canonicalize_name(Requirement(line).name): line for line in lines if line and not line.startswith("#")}


def reason_to_skip(plugin: str, source: str, bounds: str) -> str | None:
    """Why a cell of the matrix cannot run, as the plugin's [tool.rlchassis.skip] table says: `lowest = "reason"` or `wheel = "reason"`."""
    tool = tomllib.loads((DISTRIBUTIONS[plugin] / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {})
    reasons: dict[str, str] = tool.get("rlchassis", {}).get("skip", {})
    return reasons.get(source) or reasons.get(bounds)


def has_a_cell(plugin: str) -> bool:
    """Whether at least one cell of the matrix runs for this plugin."""
    return any(reason_to_skip(*cell) is None for cell in CELLS if cell[0] == plugin)
