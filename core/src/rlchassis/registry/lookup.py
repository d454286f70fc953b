"""From a name to the one plugin that bears it, or to the sentence that says why there is none."""

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
    """Give the plugin that bears a name, without importing it; raises PluginError if there is none, or none that can be used.

    "name@distribution" says which of several is meant. The last part of "vendor.name" is enough where one plugin alone bears it.
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
    """Give the shortest name that `find` resolves to this plugin, for a recipe to keep."""
    rivals = [other for other in claims() if (other.kind, other.name) == (plugin.kind, plugin.name)]
    return plugin.name if len(rivals) == 1 else plugin.reference


Used: TypeAlias = frozenset[tuple[str, str, str]]
"""Kind, name and distribution of plugins that a stored run used."""


def name_as_used(kind: str, name: str, used: Used) -> str:
    """The name of a stored run's plugin; where several distributions claim it today, with the one among them that the run used."""
    rivals = _bearers([plugin for plugin in claims() if plugin.kind == kind], kind, name)
    theirs = [plugin for plugin in rivals if (kind, plugin.name, canonical(plugin.distribution)) in used]
    return theirs[0].reference if len(rivals) > 1 and len(theirs) == 1 else name


def used_in(rows: Any) -> Used:
    """Of rows as `provenance` gives them, those that were used; what is no such row tells nothing."""
    found = set()
    for row in rows if isinstance(rows, list) else ():
        match row:
            case {"kind": str(kind), "name": str(name), "distribution": str(distribution), "used": True}:
                found.add((kind, name, canonical(distribution)))
    return frozenset(found)


def provenance(used: Iterable[tuple[str, str]] = ()) -> list[dict[str, Any]]:
    """Say of each installed plugin which distribution and version provides it, and whether it is among the (kind, name) pairs used.

    A pair that is not installed has no row: what a recipe names and nothing asks for need not be there.
    """
    chosen = []
    for kind, name in used:
        with suppress(PluginError):
            chosen.append(find(kind, name))
    facts = ("kind", "name", "distribution", "version")
    plugins = (plugin for plugin in claims() if plugin.kind in KINDS)
    return [{fact: getattr(plugin, fact) for fact in facts} | {"used": plugin in chosen} for plugin in plugins]


def _bearers(candidates: list[Plugin], kind: str, name: str) -> list[Plugin]:
    """Prefer a full name to a short one, and never lend a first-party name to a vendor's plugin."""
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
    """No command line is made of a distribution's name that may hold anything but a name."""
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
    remedy = f"Correct it there, or take another version: python -m pip install --upgrade {plugin.distribution}"
    return f"{plugin.label} cannot be used: {problem}. Other plugins are unaffected. {remedy}"
