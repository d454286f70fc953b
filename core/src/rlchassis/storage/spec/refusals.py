"""What is wrong with the data of a recipe, told with the field that it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import cattrs

from rlchassis.errors import UsageError
from rlchassis.registry.wording import setting_meant

T = TypeVar("T")
LONGEST = 800
"""Characters of a message."""


def require_fields(data: Mapping[str, Any], known: Mapping[str, Any], cls: type) -> None:
    """UsageError, with the nearest name, for a key that is no field of the class."""
    for key in data:
        if key not in known:
            hint = setting_meant(str(key), known) or f" It has: {', '.join(known)}."
            raise UsageError(f"{cls.__name__} has no field {key!r}.{hint}")


def made(make: Callable[..., T], values: Mapping[str, Any], what: str) -> T:
    """The call, with whatever it refuses told as a UsageError."""
    try:
        return make(**values)
    except UsageError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error.args[0]) if error.args else repr(error)
        raise UsageError(f"{what}: {reason}" if what else reason) from error


def brief(error: object) -> str:
    """What is wrong in one line that can be read, however much of a stranger's file it repeats."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} … {text[-200:]}"


def at(key: str, structure: Callable[[], T]) -> T:
    """Put the name of the field before what is wrong with its value."""
    try:
        return structure()
    except UsageError as error:
        raise type(error)(f"{key}: {error}") from error.__cause__
    except (TypeError, ValueError, KeyError, OverflowError, cattrs.errors.StructureHandlerNotFoundError) as error:
        raise UsageError(f"{key}: {error}") from error
