"""Which integers a space holds."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from rlchassis.envs.spaces import AnySpace, Array

Bounds: TypeAlias = tuple[Array, Array]
"""The lowest and the highest, each a scalar or one per element."""


def integer_bounds(space: AnySpace, dtype: np.dtype[Any]) -> Bounds | None:
    """The lowest and highest integers of a space; None for floats, and where the dtype holds no others."""
    if dtype.kind == "f":
        return None
    (low, high), (lowest, highest) = _declared_bounds(space), limits_of(dtype)
    return None if (low <= lowest).all() and (high >= highest).all() else (low, high)


def limits_of(dtype: np.dtype[Any]) -> Bounds:
    """The lowest and highest integer that a dtype holds."""
    if dtype.kind == "b":
        return np.asarray(0), np.asarray(1)
    return np.asarray(np.iinfo(dtype).min), np.asarray(np.iinfo(dtype).max)


def _declared_bounds(space: AnySpace) -> Bounds:
    if isinstance(space, Discrete):
        return np.asarray(int(space.start)), np.asarray(int(space.start) + int(space.n) - 1)
    if isinstance(space, MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    if isinstance(space, MultiBinary):
        return np.asarray(0), np.asarray(1)
    assert isinstance(space, Box), "no other space is supported"
    return space.low, space.high
