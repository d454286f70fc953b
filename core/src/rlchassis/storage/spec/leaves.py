"""What single values and names in the data of a recipe mean."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from torch import nn

from rlchassis.errors import UsageError
from rlchassis.registry.wording import did_you_mean

NOUNS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def strictly(data: Any, expected: type) -> Any:
    """A value of exactly this type; whole numbers are numbers, too, what JSON lacks is {"number": text}, and enums are their values."""
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


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no number.") from error


def options_of(rest: dict[str, Any]) -> dict[str, Any]:
    """The options in a description from which its name was taken; nothing else may be left."""
    options = rest.pop("options", {})
    if rest or not isinstance(options, Mapping):
        told = ", ".join(map(repr, rest)) or repr(options)
        raise UsageError(f"a description has a name and options and nothing else, not {told}; its settings are its options: options.NAME.")
    return dict(options)


def kind_and_name(text: str) -> tuple[str, str]:
    """The two that `optimizer/adam` names."""
    kind, separator, name = text.partition("/")
    if not separator:
        raise UsageError(f"{text!r} names no plugin; write kind/name, such as 'optimizer/adam'.")
    return kind, name


def torch_module(name: str) -> type[nn.Module]:
    """The module class of torch.nn of this name."""
    found = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.Module):
        return found
    raise UsageError(f"torch.nn has no module {name!r}.{did_you_mean(name, tuple(n for n in dir(nn) if n[0].isupper()))}")


def unstorable(what: Any) -> UsageError:
    """The error for what stood in a recipe and could not be stored."""
    return UsageError(f"the recipe holds {what}, which cannot be stored in a file; build this experiment in code again.")


def short_name(name: str) -> str:
    """What a class or function is called where it was imported from its module."""
    return name.rpartition(":")[2].rpartition(".")[2]
