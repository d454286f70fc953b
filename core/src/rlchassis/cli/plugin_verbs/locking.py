"""`rlchassis plugins freeze | sync`: the versions of distributions with plugins, of this environment or of a run."""

from __future__ import annotations

import argparse
import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from rlchassis.cli.output import complain, say
from rlchassis.cli.plugin_verbs.installing import add_client, run
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.registry import installed
from rlchassis.storage.files import PROVENANCE_FILENAME
from rlchassis.storage.reading import is_there, read_bytes, read_json

LIBRARIES = ("rlchassis-core", "torch", "numpy", "gymnasium")
"""What is recorded besides distributions with plugins, since it changes the bits of a run."""
LOCAL = "# not from an index: "


def add_freeze(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins freeze`."""
    parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="a run directory; default: this environment")
    parser.set_defaults(carry_out=_freeze)


def add_sync(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins sync`."""
    parser.add_argument("source", type=Path, metavar="FILE", help="what `plugins freeze` printed, or a run directory")
    add_client(parser)
    parser.set_defaults(carry_out=_sync)


def _freeze(asked: argparse.Namespace) -> int:
    say(*(lines_of_run(asked.directory) if asked.directory else _lines_here()))
    return 0


def _sync(asked: argparse.Namespace) -> int:
    """Install what differs; names what lies on no index, and returns 1 then."""
    lines = lines_of_run(asked.source) if asked.source.is_dir() else _lines_of_file(asked.source)
    local = [line.removeprefix(LOCAL) for line in lines if line.startswith(LOCAL)]
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    missing = [line for line in wanted if not _is_here(line)]
    for line in local:
        name, _, place = line.partition(" from ")
        if not _is_here(name):
            complain(f"{name} was installed from {place}, not from an index; install it from there, or a copy of it.")
    if not missing:
        say(f"{len(wanted)} distributions are here in the versions that are asked for.")
    code = run(asked, ["install"], missing) if missing else 0
    return code or int(not all(_is_here(line.partition(" from ")[0]) for line in local))


def lines_of_run(directory: Path) -> list[str]:
    """A line per distribution that a run used; StoredFileError without provenance."""
    path = directory / PROVENANCE_FILENAME
    if not is_there(path):
        raise StoredFileError(f"{directory} contains no {PROVENANCE_FILENAME}; pass the directory of a run.")
    data = read_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("plugins"), list) or not isinstance(data.get("versions"), dict):
        raise StoredFileError(f"{path} names no plugins and versions; restore it from a copy.")
    used = {str(row.get("distribution")): row.get("version") for row in data["plugins"] if isinstance(row, dict) and row.get("used")}
    sources = data["git"] if isinstance(data.get("git"), dict) else {}
    versions: dict[str, Any] = {**used, **data["versions"]}
    return [_line(name, str(versions[name]), _commit(sources.get(name))) for name in sorted(versions) if versions[name]]


def _commit(state: Any) -> str | None:
    return None if not isinstance(state, dict) else f"commit {state.get('commit')}{', with changes' if state.get('changed') else ''}"


def _lines_here() -> list[str]:
    found = {plugin.distribution for plugin in installed()} | set(LIBRARIES)
    return [_line(name, here.version, _place(here)) for name in sorted(found) if (here := _distribution(name)) is not None]


def _line(name: str, number: str, place: str | None) -> str:
    return f"{name}=={number}" if place is None else f"{LOCAL}{name}=={number} from {place}"


def _place(here: Distribution) -> str | None:
    """Where a distribution was installed from, if not from an index."""
    origin = json.loads(here.read_text("direct_url.json") or "{}")
    return str(origin["url"]) if isinstance(origin, dict) and "url" in origin else None


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _is_here(requirement: str) -> bool:
    name, _, wanted = requirement.partition("==")
    try:
        return version(name.strip()) == wanted.strip()
    except PackageNotFoundError:
        return False


def _lines_of_file(path: Path) -> list[str]:
    lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    if odd := [line for line in lines if line.strip() and not line.startswith("#") and not _is_pinned(line)]:
        raise UsageError(
            f"expected lines such as rlchassis-ppo==0.1.0 in {path}, got {odd[0]!r}; write it with `rlchassis plugins freeze`."
        )
    return lines


def _is_pinned(line: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*\s*==\s*[\w.+!]+", line.strip(), re.ASCII) is not None
