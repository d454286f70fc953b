"""Values as written after `--set KEY=`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import attrs

from rlchassis.config.config_part import ConfigPart
from rlchassis.registry import Component, name_of


def shown(value: Any) -> str:
    """A value on one line; parts by name, with non-default options."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case type():
            return value.__name__
        case Enum():
            return str(value.value)
        case Component():
            return _with_options(value.name, list(value.options.items()))
        case tuple() | list():
            return f"[{', '.join(map(shown, value))}]"
        case ConfigPart():
            registered = name_of(type(value))
            return _with_options(registered[1] if registered else type(value).__name__, list(_set_options(value)))
    return str(value)


def default_of(field: attrs.Attribute[Any]) -> Any:
    """Default of an attrs field; attrs.NOTHING if it is required."""
    default: Any = field.default
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class in all but its stub
        return default
    return attrs.NOTHING if default.takes_self else default.factory()


def _with_options(name: str, options: list[tuple[str, Any]]) -> str:
    written = ",".join(f"{option}={shown(value)}" for option, value in options)
    return f"{name}:{written}" if options else name


def _set_options(part: Any) -> Iterator[tuple[str, Any]]:
    for a in attrs.fields(type(part)) if attrs.has(type(part)) else ():
        value = getattr(part, a.name)
        if a.init and value != default_of(a):
            yield str(a.alias), value
