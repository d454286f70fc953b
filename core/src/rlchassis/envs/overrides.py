"""Calls of factory methods that subclasses override, with a parameter `wrappers` or, as in Tianshou, without."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rlchassis.errors import UsageError

Made = TypeVar("Made")


def call_with_wrappers(method: Callable[..., Any], arguments: Sequence[Any], wrappers: Any, expected: type[Made], *, wanted: bool) -> Made:
    """What the method made of the arguments; UsageError if wrappers are wanted that it does not take, or if it made something else."""
    name = f"{method.__qualname__}()"
    if not takes_no_wrappers(method):
        made = method(*arguments, wrappers=wrappers)
    elif wanted:
        raise UsageError(
            f"{name} takes no wrappers, but an extension wants to wrap the environments; add a parameter wrappers=() and apply it"
        )
    else:
        made = method(*arguments)
    if not isinstance(made, expected):
        raise UsageError(f"{name} must return {expected.__name__}, not an object of type {type(made).__name__}")
    return made


def takes_no_wrappers(method: Callable[..., Any]) -> bool:
    """Whether it was overridden without them."""
    parameters = inspect.signature(method).parameters
    return "wrappers" not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values())
