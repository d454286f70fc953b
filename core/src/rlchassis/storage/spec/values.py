"""Strict decoding of values and containers, with field names in errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import Any, TypeVar, get_args

import cattrs

from rlchassis.errors import UsageError
from rlchassis.registry.wording import setting_meant
from rlchassis.storage.spec.encoding import field_types

T = TypeVar("T")
Read = Callable[[Any, Any], Any]
"""(data, expected type) → value."""
LONGEST = 800
"""Maximum length of a message, in characters."""
NOUNS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def strictly(data: Any, expected: type) -> Any:
    """Decode a value of exactly this type; int is accepted for float, non-finite floats are {"number": text}, enums are their values."""
    if issubclass(expected, Enum):
        return expected(data)
    match data:
        case {"number": str(number)} if expected is float and len(data) == 1:
            return _number(number)
        case int() if expected is float and not isinstance(data, bool):
            return float(data)
        case _ if type(data) is not expected:
            raise UsageError(f"expected {NOUNS[expected]}, not {data!r}.")
    return data


def union_of(read: Read, data: Any, expected: Any) -> Any:
    """Decode as the first matching member of a union; float last, since it also accepts int."""
    members = get_args(expected)
    if data is None and type(None) in members:
        return None
    refusals = []
    for member in sorted((m for m in members if m is not type(None)), key=lambda m: m is float):
        try:
            return read(data, member)
        except (ValueError, TypeError) as error:
            refusals.append(error)
    raise min(refusals, key=lambda error: str(error).startswith("expected "))


def mapping_of(read: Read, data: Any, expected: Any) -> dict[str, Any]:
    """Decode a dict with string keys, whose values were encoded as untyped."""
    if not isinstance(data, Mapping):
        raise UsageError(f"expected names and their values, not {data!r}.")
    (_, value_type) = get_args(expected) or (str, Any)
    values = each_of(read, data, dict.fromkeys(data, Any))
    return values if value_type in (Any, object) else each_of(read, values, dict.fromkeys(values, value_type))


def tuple_of(read: Read, data: Any, expected: Any) -> tuple[Any, ...]:
    """Decode a tuple of fixed or variable length."""
    members = get_args(expected) or (Any, ...)
    if not isinstance(data, list | tuple):
        raise UsageError(f"expected a list, not {data!r}.")
    if members[-1] is Ellipsis:
        members = members[:1] * len(data)
    if len(members) != len(data):
        raise UsageError(f"expected a list of {len(members)} values, not {list(data)!r}.")
    return tuple(map(read, data, members))


def fields_of(read: Read, data: Any, cls: Any) -> Any:
    """Decode an attrs object from its fields."""
    if not isinstance(data, Mapping):
        raise UsageError(f"expected the fields of {cls.__name__}, not {data!r}.")
    expected = field_types(cls)
    require_fields(data, expected, cls)
    return made(cls, each_of(read, data, expected), cls.__name__)


def each_of(read: Read, data: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Decode fields by their types."""
    return {key: at(key, partial(read, value, expected[key])) for key, value in data.items()}


def options_of(rest: dict[str, Any]) -> dict[str, Any]:
    """Options of an encoded part, after its name was removed; UsageError for other keys."""
    options = rest.pop("options", {})
    if rest or not isinstance(options, Mapping):
        got = ", ".join(map(repr, rest)) or repr(options)
        raise UsageError(f"expected only a name and options, got {got}; settings of a part are its options: options.NAME.")
    return dict(options)


def require_fields(data: Mapping[str, Any], known: Mapping[str, Any], cls: type) -> None:
    """UsageError, with the nearest name, for an unknown field."""
    for key in data:
        if key not in known:
            hint = setting_meant(str(key), known) or f" It has: {', '.join(known)}."
            raise UsageError(f"{cls.__name__} has no field {key!r}.{hint}")


def made(make: Callable[..., T], values: Mapping[str, Any], what: str) -> T:
    """Call a constructor; TypeError and ValueError become UsageError."""
    try:
        return make(**values)
    except UsageError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error.args[0]) if error.args else repr(error)
        raise UsageError(f"{what}: {reason}" if what else reason) from error


def brief(error: object) -> str:
    """Error message on one line, of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} … {text[-200:]}"


def at(key: str, structure: Callable[[], T]) -> T:
    """Call a function; errors become UsageError with the field name as a prefix."""
    try:
        return structure()
    except UsageError as error:
        raise type(error)(f"{key}: {error}") from error.__cause__
    except (TypeError, ValueError, KeyError, OverflowError, cattrs.errors.StructureHandlerNotFoundError) as error:
        raise UsageError(f"{key}: {error}") from error


def unstorable(what: Any) -> UsageError:
    """Error for a value in a configuration that could not be stored."""
    return UsageError(f"the configuration holds {what}, which cannot be stored in a file; build this experiment in code again.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no number.") from error
