"""Signatures compared with a table of parameters and defaults."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

REQUIRED = inspect.Parameter.empty
"""Default of a parameter that has none."""


def leading(function: Callable[..., Any], count: int) -> tuple[dict[str, Any], list[inspect.Parameter]]:
    """The first parameters with their defaults, and the others."""
    parameters = list(inspect.signature(function).parameters.values())
    return {p.name: p.default for p in parameters[:count]}, parameters[count:]


def assert_begins_with(function: Callable[..., Any], expected: Mapping[str, Any]) -> None:
    """The first parameters are the expected ones in order, and all others can be left out or are keyword-only."""
    found, more = leading(function, len(expected))
    assert list(found.items()) == list(expected.items())
    assert all(p.default is not REQUIRED or p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in more), more
