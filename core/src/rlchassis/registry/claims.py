"""Plugins of one distribution, from its entry points and manifest, with consistency checks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import Distribution, EntryPoint

from rlchassis.registry.kinds import CORE_COMMANDS, GROUP_PREFIX, KINDS, MANIFEST, PLUGIN_API
from rlchassis.registry.manifest import Descriptions, Manifest, read_manifest
from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import did_you_mean, listed, quoted


def claims_of(found: Distribution, name: str, version: str) -> Iterator[Plugin]:
    """Yield a Plugin per entry point, and one of kind "manifest" for a problem that belongs to none of them."""
    whole = Plugin(MANIFEST, name, target="", distribution=name, version=version)
    try:
        entries = [entry for entry in found.entry_points if entry.group.startswith(GROUP_PREFIX)]
    except Exception as error:  # noqa: BLE001  a foreign file fails as it likes, and must not stop the listing
        yield replace(whole, state="invalid", problem=f"its entry points cannot be read: {error}")
        return
    checked, described = _check_manifest(whole, [entry.value for entry in entries if _kind(entry) == MANIFEST])
    rows = [_row(checked, entry, described) for entry in entries if _kind(entry) != MANIFEST]
    yield from _told_once(rows)
    if problem := _unreported_problem(checked, described, rows):
        yield replace(whole, state="invalid", problem=problem)


def _kind(entry: EntryPoint) -> str:
    return entry.group.removeprefix(GROUP_PREFIX)


def _check_manifest(whole: Plugin, manifests: list[str]) -> tuple[Plugin, Descriptions]:
    """State common to all plugins of a distribution, and the manifest's facts of each."""
    if not manifests:
        return whole, {}
    if len(manifests) > 1:
        return replace(whole, state="invalid", problem="it has more than one manifest"), {}
    try:
        manifest = read_manifest(manifests[0])
    except Exception as error:  # noqa: BLE001  likewise
        return replace(whole, state="invalid", problem=f"its manifest is not valid: {error}"), {}
    checked = replace(whole, state="ok", api=manifest.api)
    if manifest.is_compatible:
        return checked, manifest.descriptions
    return replace(checked, state="incompatible", problem=_incompatibility(whole.distribution, manifest)), {}


def _incompatibility(distribution: str, manifest: Manifest) -> str:
    outdated = "rlchassis-core" if manifest.is_ahead else distribution
    offered = ".".join(map(str, PLUGIN_API))
    return f"it was made for plugin API {manifest.api}, this core offers {offered}; try: python -m pip install --upgrade {outdated}"


def _row(checked: Plugin, entry: EntryPoint, described: Descriptions) -> Plugin:
    kind = _kind(entry)
    row = replace(checked, kind=kind, name=entry.name, target=entry.value)
    if kind not in KINDS:
        return replace(row, state="invalid", problem=f"there is no kind {quoted(kind)}.{did_you_mean(kind, KINDS)}")
    if not re.fullmatch(r"\w[\w.-]*", entry.name):
        return replace(row, state="invalid", problem="a name is made of letters, digits, dots, hyphens and underscores")
    if kind == "command" and entry.name in CORE_COMMANDS:
        return replace(row, state="invalid", problem="rlchassis has a command of this name itself, which is the one that runs")
    if row.state != "ok":
        return row
    facts = described.get((kind, entry.name))
    return replace(row, **facts) if facts else replace(row, state="no-manifest")


def _told_once(rows: list[Plugin]) -> Iterator[Plugin]:
    """Merge entry points of equal kind and name into one invalid row."""
    by_name = {(row.kind, row.name): row for row in rows}
    counts = Counter((row.kind, row.name) for row in rows)
    for key, row in by_name.items():
        yield row if counts[key] == 1 else replace(row, state="invalid", problem="its distribution claims this name twice")


def _unreported_problem(checked: Plugin, described: Descriptions, rows: list[Plugin]) -> str | None:
    """Problem of the distribution that no plugin's row reports, or None."""
    if checked.problem and not rows:
        return checked.problem
    orphans = sorted(described.keys() - {(row.kind, row.name) for row in rows})
    tables = listed(f"[{kind}.{name}]" for kind, name in orphans)
    return f"its manifest describes what no entry point provides: {tables}" if orphans else None
