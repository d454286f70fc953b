"""`rlchassis reproduce`: whether a stored experiment comes out the same again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rlchassis.api import StoredFileError, read_metrics, read_settings, say
from rlchassis_reproduce.again import Again
from rlchassis_reproduce.facts import differing, grouped, machine_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `reproduce`."""
    add = parser.add_argument
    add("directory", type=Path, metavar="DIR", help="the run directory to compare with")
    add("--dir", type=Path, metavar="FOLDER", dest="folder", help="keep the new run, as FOLDER/again; default: it is removed")
    add("--allow", action="append", default=[], metavar="MODULE:NAME", help="code of the configuration that may be used, as for train")
    add("--json", action="store_true", help="print the result as JSON")
    add("--debug", action="store_true", help="show where a failure arose")


def main(arguments: argparse.Namespace) -> int:
    """Run it again, and compare; returns 1 if a row of metrics differs."""
    stored = arguments.directory
    read_settings(stored)
    expected = read_metrics(stored)
    if not expected:
        raise StoredFileError(f"the run in {stored} has no row of metrics to compare with; train it first.")
    with TemporaryDirectory() as removed:
        again = Again(stored, arguments.folder or Path(removed), arguments.allow)
        difference = again.run(expected)
        here = differing(machine_of(stored), machine_of(again.directory))
        compared = min(len(expected), len(again.rows))
    missing = len(expected) - compared if difference is None else 0
    found: dict[str, Any] = {
        "same": difference is None and not missing,
        "rows compared": compared,
        "rows stored": len(expected),
        "first difference": None if difference is None else difference.described("there", "here"),
        "differs here": here,
    }
    say(*(json.dumps(found, indent=2).split("\n") if arguments.json else _lines(found, expected[compared - 1]["step"])))
    return int(not found["same"])


def _lines(found: dict[str, Any], step: float) -> Iterator[str]:
    if found["same"]:
        yield f"The same: all {found['rows stored']} rows of metrics, up to step {step:g}."
    elif found["first difference"] is None:
        until = f"row {found['rows compared']} of {found['rows stored']}, step {step:g}"
        yield f"The same up to {until}, where the new run ends: the stored one was trained on."
    else:
        yield f"Not the same: {found['first difference']}."
    for name, (there, here) in grouped(found["differs here"]).items():
        yield f"  {name}: {there} there, {here} here"
    if not found["differs here"] and not found["same"]:
        yield "  Versions, plugins, sources, device and threads are the same."
