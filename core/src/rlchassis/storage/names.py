"""Names of run directories, and their exclusive creation."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from rlchassis.errors import UsageError
from rlchassis.storage.files import EXPERIMENT_FILENAME, EXPERIMENT_PICKLE_FILENAME, LOCK_FILENAME
from rlchassis.storage.reading import is_there

MAX_LENGTH = 200
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


def timestamp_name() -> str:
    """Default name of a run: date and time."""
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")


def name_parts(name: str, what: str = "experiment name") -> tuple[str, ...]:
    """Split a name at slashes and backslashes; UsageError if it could lead out of the base directory."""
    if not isinstance(name, str):
        raise UsageError(f"{what} must be a text, not {name!r}; use names such as 'cartpole/ppo-1'.")
    parts = tuple(re.split(r"[/\\]", name))
    for part in parts:
        problem = _problem(part)
        if problem:
            raise UsageError(f"{what} {name!r}: {problem}; use names such as 'cartpole/ppo-1'.")
    return parts


def _problem(part: str) -> str | None:
    if not part.strip():
        return "it is empty between its separators, or starts or ends with one"
    if part in (".", "..") or part.endswith((".", " ")):
        return f"{part!r} may not be '.' or '..' or end with a dot or space"
    if part.startswith(("~", "-", " ")):
        return f"{part!r} may not begin with ~, - or a space"
    if _FORBIDDEN.search(part):
        return f'{part!r} holds a control character or one of < > : " | ? *'
    if len(part.encode("utf-8", "surrogatepass")) > MAX_LENGTH or not part.isprintable():
        return f"a part is longer than {MAX_LENGTH} bytes or not printable"
    if part.split(".", maxsplit=1)[0].lower() in _RESERVED:
        return f"{part!r} is reserved by some systems"
    return None


def create_run_directory(base: str | Path, name: str, *, suffix_if_exists: bool = False) -> Path:
    """Create a new directory in base; UsageError if it exists, or with suffix_if_exists the next free "-2", "-3", …"""
    parts, base = name_parts(name), _resolved(Path(base))
    directory, count = base.joinpath(*parts), 1
    _require_no_run_around(directory, base)
    while True:
        if not _resolved(directory).is_relative_to(base):
            raise UsageError(f"experiment name {name!r} leads out of {base}, perhaps through a link; choose another.")
        if _make_exclusively(directory):
            return directory
        if not suffix_if_exists:
            free = "let one be found with --if-exists suffix, in Python run(name, suffix_if_exists=True)"
            raise UsageError(f"{directory} exists already; choose another name, or {free}.")
        count += 1
        directory = directory.with_name(f"{parts[-1]}-{count}")


def _resolved(path: Path) -> Path:
    """Resolve a path; UsageError for an unknown user, an invalid name or a link loop."""
    try:
        return path.expanduser().resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{str(path)!r} is no place for a run: {error}.") from error


def _require_no_run_around(directory: Path, base: Path) -> None:
    """UsageError if it would be inside another run directory."""
    for outer in directory.parents:
        if is_there(outer / LOCK_FILENAME) or all(is_there(outer / name) for name in (EXPERIMENT_FILENAME, EXPERIMENT_PICKLE_FILENAME)):
            raise UsageError(f"{outer} is the directory of a run, in which no other run is put; choose another name.")
        if outer == base:
            return


def _make_exclusively(directory: Path) -> bool:
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir()
    except FileExistsError:
        if directory.parent.is_dir():
            return False
        raise UsageError(f"{directory.parent} is a file, where a directory is needed; choose another name.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{directory} cannot be made ({getattr(error, 'strerror', error)}); choose another base directory.") from error
    return True
