"""Fails when an environment holds another rlchassis distribution than it should, or one that was not installed as it should be.

usage: python tools/isolation.py {editable,wheel} DISTRIBUTION...
Runs inside the environment in question, on the standard library alone.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distributions
from pkgutil import iter_modules


def main(source: str, *expected: str) -> None:
    """Compare what is installed, and what is importable, with what should be."""
    present = {found.name: found for found in distributions() if found.name.startswith("rlchassis")}
    demand(present.keys() == set(expected), f"This environment should hold {sorted(expected)} and holds {sorted(present)}.")
    importable = {module.name for module in iter_modules() if module.name.startswith("rlchassis")}
    modules = {name.removesuffix("-core").replace("-", "_") for name in expected}
    demand(importable == modules, f"Importable should be {sorted(modules)} and is {sorted(importable)}.")
    for name, found in present.items():
        demand(is_editable(found) == (source == "editable"), f"{name} should be installed as {source}, and is not.")


def is_editable(found: Distribution) -> bool:
    """Whether a distribution follows a working tree, as its installer noted (PEP 610)."""
    note = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(note.get("dir_info", {}).get("editable", False))


def demand(truth: bool, otherwise: str) -> None:
    """Exit with a sentence unless something is true."""
    if not truth:
        sys.exit(otherwise)


if __name__ == "__main__":
    main(*sys.argv[1:])
