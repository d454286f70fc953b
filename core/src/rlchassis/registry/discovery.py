"""List of installed plugins, without importing them."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from functools import cache

from rlchassis.registry.claims import claims_of
from rlchassis.registry.distributions import our_distributions
from rlchassis.registry.kinds import KINDS, require_kind
from rlchassis.registry.plugin import Plugin
from rlchassis.registry.switches import reason_left_out
from rlchassis.registry.wording import quoted


def installed(kind: str | None = None) -> tuple[Plugin, ...]:
    """Installed plugins, ordered by kind, name and distribution; problems are states of plugins, never exceptions.

    A problem of a whole distribution is a row of kind "manifest".
    """
    if kind is not None:
        require_kind(kind)
    claimants = Counter((plugin.kind, plugin.name) for plugin in claims() if plugin.state != "left-out")
    rows = (_contested(plugin) if claimants[plugin.kind, plugin.name] > 1 else plugin for plugin in claims())
    return tuple(plugin for plugin in rows if kind in (None, plugin.kind))


def forget() -> None:
    """Clear the cache of installed plugins; for tests, and after installing into a running process."""
    importlib.invalidate_caches()
    claims.cache_clear()


@cache
def claims() -> tuple[Plugin, ...]:
    """Plugins of each distribution by itself: without the state "conflict"."""
    return tuple(sorted((_switched(plugin) for found in our_distributions() for plugin in claims_of(*found)), key=_place))


def _switched(plugin: Plugin) -> Plugin:
    problem = reason_left_out(plugin.distribution)
    return plugin if problem is None else replace(plugin, state="left-out", problem=problem)


def _place(plugin: Plugin) -> tuple[int, str, str, str]:
    rank = KINDS.index(plugin.kind) if plugin.kind in KINDS else len(KINDS)
    return rank, plugin.kind, plugin.name, plugin.distribution


def _contested(plugin: Plugin) -> Plugin:
    if not plugin.is_usable:
        return plugin
    return replace(plugin, state="conflict", problem=f"other distributions claim this name too; {quoted(plugin.reference)} means this one")
