"""Values of `--set` and `--config`: nested settings, or a stored experiment."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rlchassis.config.limits import DEEPEST, MOST_CONFIGURATION_BYTES
from rlchassis.errors import UsageError
from rlchassis.experiment.settings import merged
from rlchassis.registry import read_value
from rlchassis.storage.reading import is_too_deep, parse_json


def read_config(path: str) -> dict[str, Any]:
    """Read settings from a TOML or JSON file, or the data of a stored experiment; UsageError if it cannot be read."""
    try:
        text = _read(path).decode("utf-8")
        data = parse_json(text, path) if path.endswith(".json") else tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"the settings in {path} cannot be read: {error.strerror}.") from error
    except UsageError:
        raise
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from error
    _require_shallow(data, path)
    if not isinstance(data, dict):
        raise UsageError(f"expected a table of settings in {path}, got {data!r:.60}.")
    return data


def _read(path: str) -> bytes:
    """Read a file or pipe of bounded size."""
    with Path(path).open("rb") as file:
        content = file.read(MOST_CONFIGURATION_BYTES + 1)
    if len(content) > MOST_CONFIGURATION_BYTES:
        raise UsageError(f"{path} is larger than {MOST_CONFIGURATION_BYTES} bytes, the maximum for settings.")
    return content


def is_stored_experiment(data: dict[str, Any]) -> bool:
    """Whether it is the content of an experiment.json."""
    return "format" in data


def parse_settings(assignments: Iterable[str]) -> dict[str, Any]:
    """Nested table of KEY=VALUE assignments: "params.lr=3e-4" is {"params": {"lr": 3e-4}}; later ones take precedence."""
    return merged(_parsed(assignment) for assignment in assignments)


def whole_number(text: str) -> int:
    """Parse 50000, 50_000 or 5e4; raises ArgumentTypeError."""
    try:
        return int(_exact(text) or text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, such as 50000 or 5e4, got {text!r}") from None


def _exact(text: str) -> str | None:
    """Digits of a whole number in exponent notation, such as 1e5; None for other text."""
    found = re.fullmatch(r"([+-]?\d+)[eE]\+?(\d{1,2})", text)
    return found and found[1] + "0" * int(found[2])


def _parsed(assignment: str) -> dict[str, Any]:
    key, separator, text = assignment.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not separator or not all(parts):
        raise UsageError(f"expected --set KEY=VALUE, such as --set params.lr=3e-4, got {assignment!r}.")
    value: Any = read_value(_exact(text.strip()) or text.strip())
    _require_shallow(value, key)
    for part in reversed(parts):
        value = {part: value}
    return value  # type: ignore[no-any-return]  # a dict, since there is at least one part


def _require_shallow(value: Any, where: str) -> None:
    if is_too_deep(value):
        raise UsageError(f"{where} is nested too deeply, by more than {DEEPEST} levels.")
