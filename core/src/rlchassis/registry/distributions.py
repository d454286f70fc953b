"""Installed distributions with rlchassis entry points, reading as little as possible of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from importlib.metadata import Distribution

from rlchassis.registry.kinds import GROUP_PREFIX
from rlchassis.registry.wording import canonical


def our_distributions() -> Iterator[tuple[Distribution, str, str]]:
    """(distribution, name, version) of each; of several copies on the path, the one that an import would find."""
    ours = {canonical(name): found for found in metadata.distributions() if (name := _name_if_ours(found))}
    for name, found in ours.items():
        chosen = next(iter(metadata.distributions(name=name)), found)
        yield chosen, _header(chosen, "Name") or name, _header(chosen, "Version") or "?"


def _name_if_ours(found: Distribution) -> str | None:
    try:
        is_ours = f"[{GROUP_PREFIX}" in (found.read_text("entry_points.txt") or "")
        return _header(found, "Name") if is_ours else None
    except (OSError, ValueError):  # the leftovers of an installation, not a distribution
        return None


def _header(found: Distribution, field: str) -> str | None:
    """Read one header of the metadata; importlib.metadata would parse the whole text, readme included."""
    headers = (found.read_text("METADATA") or found.read_text("PKG-INFO") or "").partition("\n\n")[0]
    line = re.search(rf"^{field}:\s*(\S+)", headers, re.MULTILINE)
    return line and line[1]
