"""Lookup of a plugin by name, with messages for unknown, ambiguous and unusable ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeAlias

from rlchassis.errors import PluginError
from rlchassis.registry.discovery import claims
from rlchassis.registry.kinds import FIRST_PARTY, KINDS, first_party_distribution, noun, require_kind
from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import canonical, did_you_mean, listed, quoted


def find(kind: str, name: str) -> Plugin:
    """Find a plugin by name, without importing it; raises PluginError if there is none, several, or it is unusable.

    "name@distribution" selects one of several. The last part of "vendor.name" is enough if it is unique.
    """
    require_kind(kind)
    candidates = [plugin for plugin in claims() if plugin.kind == kind]
    short_name, _, distribution = name.partition("@")
    bearers = _bearers(candidates, kind, short_name)
    if distribution:
        bearers = [plugin for plugin in bearers if canonical(plugin.distribution) == canonical(distribution)]
    if not bearers:
        raise PluginError(_missing(kind, short_name, distribution, candidates))
    if len(bearers) > 1:
        raise PluginError(_conflict(kind, short_name, bearers))
    if not bearers[0].is_usable:
        raise PluginError(_unusable(bearers[0]))
    return bearers[0]


def unambiguous_name(plugin: Plugin) -> str:
    """Shortest name that `find` resolves to this plugin, for configurations."""
    rivals = [other for other in claims() if (other.kind, other.name) == (plugin.kind, plugin.name)]
    return plugin.name if len(rivals) == 1 else plugin.reference


Used: TypeAlias = frozenset[tuple[str, str, str]]
"""(kind, name, distribution) of the plugins used by a stored run."""


def name_as_used(kind: str, name: str, used: Used) -> str:
    """Name of a stored run's plugin; if several distributions provide it now, with the distribution that the run used."""
    rivals = _bearers([plugin for plugin in claims() if plugin.kind == kind], kind, name)
    theirs = [plugin for plugin in rivals if (kind, plugin.name, canonical(plugin.distribution)) in used]
    return theirs[0].reference if len(rivals) > 1 and len(theirs) == 1 else name


def used_in(rows: Any) -> Used:
    """Used plugins in the rows of `provenance`; other rows are ignored."""
    found = set()
    for row in rows if isinstance(rows, list) else ():
        match row:
            case {"kind": str(kind), "name": str(name), "distribution": str(distribution), "used": True}:
                found.add((kind, name, canonical(distribution)))
    return frozenset(found)


def provenance(used: Iterable[tuple[str, str]] = ()) -> list[dict[str, Any]]:
    """Distribution and version of each installed plugin, and whether it is among the (kind, name) pairs used.

    A pair that is not installed has no row: a configuration may name plugins that are never created.
    """
    chosen = []
    for kind, name in used:
        with suppress(PluginError):
            chosen.append(find(kind, name))
    facts = ("kind", "name", "distribution", "version")
    plugins = (plugin for plugin in claims() if plugin.kind in KINDS)
    return [{fact: getattr(plugin, fact) for fact in facts} | {"used": plugin in chosen} for plugin in plugins]


def _bearers(candidates: list[Plugin], kind: str, name: str) -> list[Plugin]:
    """Plugins of a full name, else of a short one; short names never match first-party names."""
    exact = [plugin for plugin in candidates if plugin.name == name]
    if exact or name in FIRST_PARTY.get(kind, {}):
        return exact
    return [plugin for plugin in candidates if plugin.name.rpartition(".")[2] == name]


def _missing(kind: str, name: str, distribution: str, candidates: list[Plugin]) -> str:
    known = {plugin.name for plugin in candidates}
    provider = distribution or first_party_distribution(kind, name)
    if provider:
        return f"no {noun(kind)} {quoted(name)} is installed.{_provided_by(provider)} Installed: {listed(sorted(known))}."
    if suggestion := did_you_mean(name, known | set(FIRST_PARTY.get(kind, {}))):
        return f"no {noun(kind)} {quoted(name)}.{suggestion}"
    return f"no {noun(kind)} {quoted(name)} is installed, nor does rlchassis provide one. Installed: {listed(sorted(known))}."


def _provided_by(distribution: str) -> str:
    """Hint to install a distribution; with a command only if its name is valid."""
    said = f" It is provided by {quoted(distribution)}"
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", distribution):
        return f"{said}."
    return f"{said}: python -m pip install {distribution}  (this interpreter: {sys.executable})."


def _conflict(kind: str, name: str, bearers: list[Plugin]) -> str:
    sources = listed(plugin.source for plugin in bearers)
    choices = listed(quoted(unambiguous_name(plugin)) for plugin in bearers)
    return f"{noun(kind)} {quoted(name)} is claimed by several distributions: {sources}. Say which is meant, one of {choices}."


def _unusable(plugin: Plugin) -> str:
    if plugin.state == "incompatible":
        return f"{plugin.label} cannot be used: {plugin.problem}"
    problem = f"{plugin.problem}".rstrip(".")
    if plugin.state == "left-out":
        return f"{plugin.label} cannot be used: {problem}."
    remedy = f"Correct it there, or take another version: python -m pip install --upgrade {plugin.distribution}"
    return f"{plugin.label} cannot be used: {problem}. Other plugins are unaffected. {remedy}"
