"""What a run directory says of its run, flat, so that two runs can be compared name by name. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlchassis.api import StoredFileError, read_metrics, read_settings

PROVENANCE = "provenance.json"
MOST_BYTES = 16 * 1024 * 1024
"""Provenance of hundreds of plugins takes a hundredth of this."""
OF_ONE_RUN = ("argv", "seed")
"""Facts of provenance that are the user's words, or stand in the configuration as well."""

Facts = dict[str, dict[str, Any]]


def facts_of(directory: Path) -> Facts:
    """Configuration, provenance and result of a run; StoredFileError where a file is missing or damaged."""
    return {
        "configuration": read_settings(directory),
        "provenance": dict(_provenance(directory)),
        "result": _result(read_metrics(directory)),
    }


def grouped(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Pairs of values, each once, under the first name that has it and the number of others."""
    names: dict[str, list[str]] = {}
    for name, pair in pairs.items():
        names.setdefault(repr(pair), []).append(name)
    return {first + (f" and {len(more)} more" if more else ""): pairs[first] for first, *more in names.values()}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Names whose values differ, with both values; None for one that is missing."""
    pairs = {name: (one.get(name), other.get(name)) for name in (*one, *(name for name in other if name not in one))}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def machine_of(directory: Path) -> dict[str, Any]:
    """The part of provenance that can change the bits of a run: versions, used plugins, sources, device, threads."""
    return dict(_provenance(directory))


def _provenance(directory: Path) -> Iterator[tuple[str, Any]]:
    for name, value in _read(directory / PROVENANCE).items():
        if name in OF_ONE_RUN:
            continue
        if name == "plugins":
            yield from _used_plugins(value)
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", _brief(each)) for key, each in value.items())
        else:
            yield name, value


def _brief(value: Any) -> Any:
    """A commit with what was changed since, as git states hold it, in a word; other values as they are."""
    if isinstance(value, dict) and "commit" in value:
        return f"{str(value['commit'])[:12]}{', changed' if value.get('changed') else ''}"
    return value


def _used_plugins(rows: Any) -> Iterator[tuple[str, str]]:
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("used"):
            yield f"plugins.{row.get('kind')}.{row.get('name')}", f"{row.get('distribution')} {row.get('version')}"


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StoredFileError(f"{path} is larger than {MOST_BYTES} bytes; restore it from a copy.")
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StoredFileError(f"{path.parent} contains no {path.name}; pass the directory of a run.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoredFileError(f"{path} cannot be read ({type(error).__name__}); restore it from a copy.") from error
    if not isinstance(data, dict):
        raise StoredFileError(f"expected a JSON object in {path}, got {type(data).__name__}; restore it from a copy.")
    return data


def _result(rows: list[dict[str, float]]) -> dict[str, Any]:
    tests = [row for row in rows if row.get("test/return") is not None]
    best = max(tests, key=lambda row: row["test/return"], default=None)
    return {
        "environment steps": max((row["step"] for row in rows), default=0),
        "best test return": None if best is None else best["test/return"],
        "best test step": None if best is None else best["step"],
        "last test return": tests[-1]["test/return"] if tests else None,
    }
