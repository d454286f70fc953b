"""`rlchassis diff`: configuration, provenance and result of two runs side by side."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlchassis.api import read_metrics, say
from rlchassis_reproduce.facts import differing, facts_of, grouped
from rlchassis_reproduce.rows import first_difference

WIDEST = 60
"""Longer values are cut in the table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `diff`."""
    add = parser.add_argument
    add("one", type=Path, metavar="DIR", help="a run directory")
    add("other", type=Path, metavar="OTHER", help="another one")
    add("--json", action="store_true", help="print what differs as JSON")
    add("--debug", action="store_true", help="show where a failure arose")


def main(arguments: argparse.Namespace) -> int:
    """Print what differs; returns 1 if anything does, as diff does."""
    one, other = facts_of(arguments.one), facts_of(arguments.other)
    found = {part: differing(one[part], other[part]) for part in one}
    rows = first_difference(read_metrics(arguments.one), read_metrics(arguments.other))
    first = None if rows is None else rows.described(f"in {arguments.one}", f"in {arguments.other}")
    if arguments.json:
        say(*json.dumps({**found, "first row of metrics that differs": first}, indent=2).split("\n"))
    else:
        say(*_lines(found, first))
    return int(any(found.values()) or first is not None)


def _lines(found: dict[str, dict[str, tuple[Any, Any]]], first: str | None) -> Iterator[str]:
    for part, pairs in found.items():
        yield part + ("" if pairs else ": the same")
        shown = grouped(pairs) if part == "provenance" else pairs
        width = max(map(len, shown), default=0)
        left = max((len(_cut(one)) for one, _ in shown.values()), default=0)
        for name, (one, other) in shown.items():
            yield f"  {name:<{width}}  {_cut(one):<{left}}  {_cut(other)}"
    yield "metrics: every row that both have is the same" if first is None else f"metrics differ first in {first}"


def _cut(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.8g}"
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
