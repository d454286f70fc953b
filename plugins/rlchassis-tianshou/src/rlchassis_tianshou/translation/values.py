"""Values that follow from the action space, such as noise in units of the largest action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from rlchassis.api import EnvFactory, EnvMode, UsageError


class OfActionSpace(ABC):
    """A setting whose value follows from the action space."""

    @abstractmethod
    def in_space(self, space: spaces.Space[Any]) -> Any:
        """The value in environments with this action space."""


def settled(value: Any, space: Callable[[], spaces.Space[Any]]) -> Any:
    """The value itself, or what it is in an action space; the space is asked for only where that is needed."""
    return value.in_space(space()) if isinstance(value, OfActionSpace) else value


def largest_action(space: spaces.Space[Any]) -> float:
    """The largest upper bound of the actions; UsageError unless it is a finite number above 0."""
    if not isinstance(space, spaces.Box):
        raise UsageError(f"expected continuous actions where a setting is scaled by the largest action, got {space}; give a plain number.")
    largest = float(np.max(space.high))
    if not (np.isfinite(largest) and largest > 0):
        raise UsageError(f"expected a finite largest action above 0, got {largest:g}; give a plain number in units of [−1, 1].")
    return largest


def action_space_of(factory: EnvFactory) -> spaces.Space[Any]:
    """The action space of what a factory makes; opens one environment, and closes it."""
    env = factory.create_env(EnvMode.TRAIN)
    try:
        return env.action_space
    finally:
        env.close()
