"""Finds the distributions that provide plugins and lists what they claim; imports nothing of theirs."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import metadata
from importlib.metadata import Distribution

from rlchassis.registry.claims import claims_of
from rlchassis.registry.kinds import GROUP_PREFIX, KINDS, require_kind
from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import canonical, quoted


def installed(kind: str | None = None) -> tuple[Plugin, ...]:
    """List what is installed, ordered by kind, name and distribution; what is wrong with a plugin is a state, never an exception.

    A distribution that is wrong as a whole has a row of kind "manifest".
    """
    if kind is not None:
        require_kind(kind)
    claimants = Counter((plugin.kind, plugin.name) for plugin in claims())
    rows = (_contested(plugin) if claimants[plugin.kind, plugin.name] > 1 else plugin for plugin in claims())
    return tuple(plugin for plugin in rows if kind in (None, plugin.kind))


def forget() -> None:
    """Look again at what is installed, next time somebody asks; for tests, and after installing into a running process."""
    importlib.invalidate_caches()
    claims.cache_clear()


@cache
def claims() -> tuple[Plugin, ...]:
    """List what each distribution claims on its own, blind to the others: no state here is "conflict"."""
    return tuple(sorted((plugin for found in _distributions() for plugin in claims_of(found)), key=_place))


def _place(plugin: Plugin) -> tuple[int, str, str, str]:
    rank = KINDS.index(plugin.kind) if plugin.kind in KINDS else len(KINDS)
    return rank, plugin.kind, plugin.name, plugin.distribution


def _contested(plugin: Plugin) -> Plugin:
    if not plugin.is_usable:
        return plugin
    return replace(plugin, state="conflict", problem=f"other distributions claim this name too; {quoted(plugin.reference)} means this one")


def _distributions() -> Iterator[Distribution]:
    """Those that have entry points of ours; of several copies on the path, the one that an import would find."""
    named = ((_name_if_ours(found), found) for found in metadata.distributions())
    ours = {canonical(name): found for name, found in named if name}
    for name, found in ours.items():
        yield next(iter(metadata.distributions(name=name)), found)


def _name_if_ours(found: Distribution) -> str | None:
    """Look into the text before parsing anything: most distributions have no entry points at all."""
    try:
        is_ours = f"[{GROUP_PREFIX}" in (found.read_text("entry_points.txt") or "")
        return found.metadata["Name"] if is_ours and "Name" in found.metadata else None
    except (OSError, TypeError, ValueError):  # the leftovers of an installation, not a distribution
        return None
