"""Validated attrs fields for configurations; a UsageError names the field, the expected values and the one that was given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import Attribute, field, has

from rlchassis.errors import UsageError


def number(
    default: float | None,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
    or_none: bool = False,
) -> Any:
    """Field for a finite number within bounds; `above` and `below` are exclusive, `at_least` and `at_most` inclusive."""
    bounds = (("above", above), ("of at least", at_least), ("below", below), ("of at most", at_most))
    wanted = " and ".join(f"{word} {bound:g}" for word, bound in bounds if math.isfinite(bound))

    def fits(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return is_number and above < value < below and at_least <= value <= at_most

    return _checked(default, f"a number {wanted}".rstrip(), fits, or_none)


COUNTS_ROUNDS = "counts_rounds"
"""Metadata key of fields that count updates, such as a target update interval; a run with fewer updates logs a warning."""


def whole(
    default: int | None,
    *,
    at_least: int = 1,
    at_most: float = math.inf,
    or_none: bool = False,
    also: tuple[int, ...] = (),
    counts_rounds: bool = False,
) -> Any:
    """Field for an int (numpy integers are converted); `also` lists special values outside the bounds, such as −1."""
    upper = f" and of at most {at_most}" if math.isfinite(at_most) else ""
    wanted = f"a whole number of at least {at_least}{upper}" + "".join(f" or {value}" for value in also)
    validator = _must_be(wanted, lambda value: type(value) is int and (at_least <= value <= at_most or value in also), or_none)
    return field(default=default, converter=_python_int, validator=validator, metadata={COUNTS_ROUNDS: True} if counts_rounds else None)


def decay_rates(default: tuple[float, ...]) -> Any:
    """Field for a tuple of as many numbers as the default has, each of at least 0 and below 1; lists are converted."""
    wanted = f"{len(default)} numbers of at least 0 and below 1, such as {default}"

    def fits(value: Any) -> bool:
        return isinstance(value, tuple) and len(value) == len(default) and all(isinstance(b, float | int) and 0 <= b < 1 for b in value)

    validator = _must_be(wanted, fits, or_none=False)
    return field(default=default, converter=lambda value: tuple(value) if isinstance(value, list) else value, validator=validator)


def switch(default: bool) -> Any:
    """Field for a bool."""
    return _checked(default, "True or False", lambda value: isinstance(value, bool), or_none=False)


def choice(default: str | None, values: Sequence[str], *, or_none: bool = False) -> Any:
    """Field for one of several words."""
    return _checked(default, f"one of {', '.join(values)}", lambda value: value in values, or_none)


def instance(contract: type, default: Any = None, *, factory: Callable[[], Any] | None = None, or_none: bool = False) -> Any:
    """Field for an instance of a class; None is accepted with `or_none`, and where the default is None and there is no factory."""
    or_none = or_none or (factory is None and default is None)
    validator = _must_be(with_article(contract), lambda value: isinstance(value, contract), or_none)
    return field(default=default, validator=validator) if factory is None else field(factory=factory, validator=validator)


def with_article(contract: type) -> str:
    """The name of a class with "a" or "an" before it."""
    return f"{'an' if contract.__name__[0] in 'AEIOU' else 'a'} {contract.__name__}"


def _python_int(value: Any) -> Any:
    return int(value) if isinstance(value, np.integer) else value


def _checked(default: Any, wanted: str, fits: Callable[[Any], bool], or_none: bool) -> Any:
    return field(default=default, validator=_must_be(wanted, fits, or_none))


def _must_be(wanted: str, fits: Callable[[Any], bool], or_none: bool) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if not (fits(value) or (or_none and value is None)):
            raise UsageError(f"{attribute.name} must be {wanted}{' or None' if or_none else ''}, not {value_repr(value)}.")

    return check


def value_repr(value: Any) -> str:
    """repr for an error message: attrs objects, and those without a repr of their own, as `Class(…)`; a class with a hint to call it."""
    if isinstance(value, type):
        return f"the class {value.__name__} itself; write {value.__name__}(…)"
    return f"{type(value).__name__}(…)" if has(type(value)) or repr(value) == object.__repr__(value) else repr(value)
