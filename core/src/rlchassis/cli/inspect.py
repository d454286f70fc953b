"""`rlchassis inspect`: configuration, provenance and scores of a run, read as data; imports neither plugins nor torch."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlchassis.cli.output import say, say_json
from rlchassis.cli.provenance import provenance_rows
from rlchassis.errors import StoredFileError
from rlchassis.reporting.metrics_file import read_metrics
from rlchassis.storage.checkpoint.manifest import checkpoints_of, read_manifest
from rlchassis.storage.files import METRICS_FILENAME, POLICY_FILENAME, PROVENANCE_FILENAME
from rlchassis.storage.reading import is_there, open_stored, read_json
from rlchassis.storage.run_lock import read_holder
from rlchassis.storage.stored_configuration import read_settings

Json = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `inspect`."""
    parser.add_argument("directory", metavar="DIR", help="a run directory")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Read all files, then print."""
    facts = read_facts(Path(arguments.directory))
    if arguments.json:
        say_json(facts)
    else:
        say(*_lines(facts))
    return 0


def read_facts(directory: Path) -> Json:
    """Configuration, and provenance and scores if stored; StoredFileError without a configuration, or if a file is damaged."""
    return {
        "directory": str(directory),
        "recipe": read_settings(directory),
        "provenance": _read_provenance(directory / PROVENANCE_FILENAME),
        "scores": _scores(read_metrics(directory)) if is_there(directory / METRICS_FILENAME) else None,
        "running": _running(directory),
        "checkpoints": _checkpoints(directory),
        "policy_bytes": _size_of_policy(directory) if is_there(directory / POLICY_FILENAME) else None,
    }


def _size_of_policy(directory: Path) -> int:
    with open_stored(directory / POLICY_FILENAME, sys.maxsize) as file:
        return file.seek(0, os.SEEK_END)


def _checkpoints(directory: Path) -> list[Json]:
    """Step of each checkpoint, newest first, and whether a resumed run goes on exactly; of a damaged one its problem."""
    found = list[Json]()
    for path in checkpoints_of(directory):
        try:
            checkpoint = read_manifest(path)
            found.append({"name": path.name, "step": checkpoint.step, "exact": not checkpoint.missing})
        except StoredFileError as error:
            found.append({"name": path.name, "problem": str(error)})
    return found


def _running(directory: Path) -> Json | None:
    """The process that holds the lock of the directory, if any."""
    holder = read_holder(directory)
    return None if holder is None else {"pid": holder.pid, "host": holder.host, "gone": holder.is_gone}


def _read_provenance(path: Path) -> Json | None:
    if not is_there(path):
        return None
    data = read_json(path)
    if not isinstance(data, dict):
        raise StoredFileError(f"expected a JSON object in {path}, got {type(data).__name__}; restore it from a copy.")
    return data


def _scores(rows: list[dict[str, float]]) -> Json:
    """Best test (the later of equal ones) and last test."""
    tests = [_test(row) for row in rows if row.get("test/return") is not None]
    best = max(reversed(tests), key=lambda test: test["mean"], default=None)
    return {"env_steps": max((row["step"] for row in rows), default=0), "best": best, "final": tests[-1] if tests else None}


def _test(row: Mapping[str, float]) -> Json:
    return {"mean": row["test/return"], "std": row.get("test/return_std"), "env_step": row["step"]}


def _lines(facts: Json) -> Iterator[str]:
    recipe, scores = facts["recipe"], facts["scores"] or {"env_steps": 0, "best": None, "final": None}
    policy = facts["policy_bytes"]
    yield from _table(
        {
            "run directory": facts["directory"],
            "trained": f"{recipe.get('algorithm')} on {recipe.get('env.task', recipe.get('env'))}, seed {recipe.get('config.seed')}",
            "state": _state(facts["running"]),
            "steps": f"{scores['env_steps']}",
            "best test": _score(scores["best"]),
            "last test": _score(scores["final"]),
            "checkpoints": ", ".join(map(_checkpoint, facts["checkpoints"])) or "none is stored",
            "policy": f"{POLICY_FILENAME}, {policy} bytes" if policy is not None else "none is stored",
        }
    )
    yield from ("", "configuration", *_table({name: _shown(value) for name, value in recipe.items()}, "  "))
    if facts["provenance"]:
        yield from ("", "provenance", *_table({name: _shown(value) for name, value in provenance_rows(facts["provenance"])}, "  "))


def _state(running: Json | None) -> str:
    if running is None:
        return "not running"
    who = f"process {running['pid']} on host {running['host']}"
    return f"interrupted: {who} is gone" if running["gone"] else f"running: {who}"


def _checkpoint(found: Json) -> str:
    if "problem" in found:
        return f"{found['name']} (damaged)"
    return f"step {found['step']} ({'resumes exactly' if found['exact'] else 'does not resume exactly'})"


def _score(test: Json | None) -> str:
    if test is None:
        return "there was none"
    spread = "" if test["std"] is None else f" ± {test['std']:.2f}"
    return f"return {test['mean']:.2f}{spread} at step {test['env_step']}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _table(rows: Mapping[str, str], indent: str = "") -> Iterator[str]:
    width = max(map(len, rows), default=0)
    return (f"{indent}{name:<{width}}  {value}" for name, value in rows.items())
