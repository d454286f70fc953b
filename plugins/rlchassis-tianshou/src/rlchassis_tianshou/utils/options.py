"""Arguments of a function from a command line: one option per parameter, and per field of a parameter that is a dataclass."""

from __future__ import annotations

import inspect
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from dataclasses import replace as changed
from typing import Any, get_type_hints

TRUTHS = ("false", "true")


def arguments_of(function: Callable[..., Any], argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Keyword arguments: --name value, or --name.field value; a parameter that is not set keeps its default."""
    hints, parameters = get_type_hints(function), inspect.signature(function).parameters
    defaults = {name: _default(hints.get(name), parameter) for name, parameter in parameters.items()}
    parser = ArgumentParser(description=inspect.getdoc(function))
    for name, default in defaults.items():
        for option, value in (
            {f"{name}.{key}": each for key, each in vars(default).items()}.items() if is_dataclass(default) else ((name, default),)
        ):
            parser.add_argument(f"--{option}", type=_like(value), default=value, required=value is inspect.Parameter.empty)
    given = vars(parser.parse_args(argv))
    return {name: _with_fields(name, default, given) for name, default in defaults.items()}


def _default(hint: Any, parameter: inspect.Parameter) -> Any:
    if parameter.default is inspect.Parameter.empty and is_dataclass(hint) and isinstance(hint, type):
        return hint()
    return parameter.default


def _with_fields(name: str, default: Any, given: dict[str, Any]) -> Any:
    if not is_dataclass(default) or isinstance(default, type):
        return given[name]
    return changed(default, **{key: given[f"{name}.{key}"] for key in vars(default)})


def _like(default: Any) -> Callable[[str], Any]:
    """Function from text to a value of the kind of a default."""
    if isinstance(default, bool):
        return lambda text: bool(TRUTHS.index(text.lower()))
    if isinstance(default, list | tuple):
        return lambda text: type(default)(
            _like(default[0] if default else "")(part) for part in text.strip("[]()").split(",") if part.strip()
        )
    return type(default) if isinstance(default, int | float | str) else str
