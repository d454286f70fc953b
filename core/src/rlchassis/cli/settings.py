"""What `--set` and `--config` say, as the nested settings that a recipe is changed by."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rlchassis.errors import UsageError


def read_config(path: str) -> dict[str, Any]:
    """The settings of a TOML file; UsageError where it cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the settings in {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error


def parse_settings(assignments: Iterable[str]) -> list[dict[str, Any]]:
    """One nested table per KEY=VALUE: "params.lr=3e-4" is {"params": {"lr": 3e-4}}."""
    return [_parsed(assignment) for assignment in assignments]


def _parsed(assignment: str) -> dict[str, Any]:
    key, separator, text = assignment.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not separator or not all(parts):
        raise UsageError(f"{assignment!r} sets nothing; write --set KEY=VALUE, such as --set params.lr=3e-4.")
    value: Any = _value(text.strip())
    for part in reversed(parts):
        value = {part: value}
    return value  # type: ignore[no-any-return]  # a dict, since there is at least one part


def _value(text: str) -> Any:
    """None for none, else what TOML reads in it, else the text itself."""
    if text == "none":
        return None
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if len(read) == 1 else text
