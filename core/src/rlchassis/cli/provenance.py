"""Provenance of a run for display: the command line, used plugins by kind, and each commit once."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlchassis.storage.stored_configuration import flattened


def provenance_rows(provenance: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values in the order of the file; entries of an unexpected form are shown unchanged."""
    for key, value in provenance.items():
        match key, value:
            case "argv", list():
                yield key, shlex.join(map(str, value))
            case "plugins", list() if all(isinstance(row, dict) for row in value):
                yield from _used(value)
            case "git", dict() if all(isinstance(state, dict) for state in value.values()):
                yield key, "; ".join(_commits(value))
            case _:
                yield from flattened(value, key)


def _used(plugins: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    by_kind: dict[str, list[str]] = {}
    for row in plugins:
        if row.get("used"):
            named = f"{row.get('name')} ({row.get('distribution')} {row.get('version')})"
            by_kind.setdefault(str(row.get("kind")), []).append(named)
    return ((f"plugins.{kind}", ", ".join(names)) for kind, names in by_kind.items())


def _commits(states: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Each commit with its distributions, and those with uncommitted changes."""
    by_commit: dict[str, list[str]] = {}
    for distribution, state in states.items():
        by_commit.setdefault(str(state.get("commit")), []).append(distribution)
    for commit, distributions in by_commit.items():
        changed = [name for name in distributions if states[name].get("changed")]
        whose = ", ".join(distributions) if len(distributions) < 4 else f"{len(distributions)} distributions"
        yield f"{commit} of {whose}, " + (f"with changes in {', '.join(changed)}" if changed else "unchanged")
