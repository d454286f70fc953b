"""Assertions on the params of every algorithm: no field is untested, without effect, or accepts invalid values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest
import torch
from attrs import frozen
from torch import Tensor

from rlchassis.api import LRSchedulerFactory, UsageError
from rlchassis_testkit.making import TOTAL_STEPS


def assert_none_is_left_out(params_class: type[Any], *tables: Iterable[str]) -> None:
    """Assert that every field is in exactly one of the tables."""
    named = sorted(name for table in tables for name in table)
    assert named == sorted(field.name for field in attrs.fields(params_class))


def assert_changes(
    params_class: type[Any], outcome: Callable[..., Tensor], name: str, value: Any, others: dict[str, Any] | None = None
) -> None:
    """Assert that a value other than the default changes the outcome, which stays finite, and that equal values give equal bits."""
    others = others or {}
    assert getattr(params_class(), name) != value, "a field's default cannot show that it does something"
    plain, again, changed = (outcome(**params) for params in (others, others, {**others, name: value}))
    assert torch.equal(plain, again), "else the difference would tell nothing"
    assert plain.shape != changed.shape or not torch.equal(plain, changed)
    assert changed.isfinite().all()


def assert_refuses(params_class: type[Any], name: str, value: Any) -> None:
    """Assert that a value is refused by an error that begins with the field's name."""
    with pytest.raises(UsageError, match=f"^{name} must be "):
        params_class(**{name: value})


def assert_is_a_value(params_class: type[Any]) -> None:
    """Assert that params compare by value and are hashable."""
    assert attrs.evolve(params_class(), gamma=0.9) == params_class(gamma=0.9) != params_class()
    assert hash(params_class()) == hash(params_class())


@frozen
class Halved(LRSchedulerFactory):
    """Schedule of half the learning rate, constant, in runs of TOTAL_STEPS; of the whole in others."""

    def create_schedule(self, total_steps: int) -> Callable[[float], float]:
        """See LRSchedulerFactory."""
        return lambda progress: 0.5 if total_steps == TOTAL_STEPS else 1.0
