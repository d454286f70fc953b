"""Parsing of values and components: "adam:eps=1e-5,betas=[0.9, 0.99]" or {name = "adam", eps = 1e-5}."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlchassis.errors import UsageError
from rlchassis.registry.component import Component
from rlchassis.registry.kinds import noun


@dataclass(frozen=True)
class Named:
    """A component by name, whose kind follows from its field: its text, perhaps with options, and options set separately."""

    written: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Text and options, for messages."""
        return f"{self.written!r} with {dict(self.options)!r}"


def read_value(text: str) -> Any:
    """Parse "none" as None, other text as a TOML value, or else keep the text; UsageError for values that Python cannot read."""
    if text == "none":
        return None
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    except (ValueError, RecursionError) as error:  # thousands of digits, or of brackets
        raise UsageError(f"a value that begins with {text[:20]!r} cannot be read: {error}.") from error
    return read["value"] if len(read) == 1 else text


def split_role(written: Any) -> tuple[str, Any]:
    """Split "critic=rmsprop:alpha=0.9" into role and component; the role is empty where none is named."""
    role, equals, name = written.partition("=") if isinstance(written, str) else ("", "", "")
    return (role.strip(), name.strip()) if role.strip() and equals and ":" not in role else ("", written)


def component_of(kind: str, written: Any) -> Component:
    """Parse "name", "name:option=value,…" or a table with name and options; UsageError for anything else."""
    match written:
        case str(text) if "=" not in text.partition(":")[0]:
            name, colon, options = text.partition(":")
            return Component(kind, name.strip(), _read_options(options, text) if colon else {})
        case {"name": str(name), **rest}:
            return Component(kind, name, {str(option): value for option, value in rest.items()})
    raise UsageError(f'expected a name or name:option=value for {_with_article(noun(kind))}, such as "name:size=3", got {written!r}.')


def _read_options(text: str, whole: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in _split(text):
        name, _, value = part.partition("=")
        name = name.strip()
        if "=" not in part or not re.fullmatch(r"\w+", name):
            raise UsageError(f'expected option=value behind the colon of {whole!r}, got "{part}"; a text with a comma goes in quotes.')
        if name in options:
            raise UsageError(f'{whole!r} sets the option "{name}" twice; set it once.')
        options[name] = read_value(value.strip())
    return options


def _split(text: str) -> list[str]:
    """Split at commas outside quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote or char in "'\"":
            quote = "" if char == quote else quote or char
        depth += 0 if quote else (char in "[{") - (char in "]}")
        if char == "," and not quote and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _with_article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
