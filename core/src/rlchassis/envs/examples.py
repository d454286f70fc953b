"""Deterministic example elements of spaces, for checking networks before training."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from rlchassis.data.action_layout import parts_of
from rlchassis.data.arrays import write
from rlchassis.envs.masks import ActionMask
from rlchassis.envs.spaces import AnySpace, Array, Observations, allocate

GOLDEN = 0.618033988749895
NEAR = 1.0, 128.0
"""How far numbers go from the one nearest to zero that a Box holds, and whole numbers: bounds may be as wide as the type."""


def examples(space: AnySpace, count: int) -> Observations:
    """Example elements [count, …] in storage dtypes, none constant; successive ones differ wherever the space allows."""
    stored = allocate(space, count)
    for row in range(count):
        write(stored, row, _example(space, row))
    return stored


def _example(space: AnySpace, row: int) -> Any:
    parts = parts_of(space)
    if parts is not None:
        return {key: _example(part, row) for key, part in parts.items()}
    fractions = ((np.arange(int(np.prod(space.shape or ())) or 1) + row // 2) * GOLDEN + 0.25 + row / 2) % 1  # evenly spread over [0, 1)
    match space:
        case Discrete():
            return int(space.start + np.floor(fractions[0] * int(space.n)))
        case MultiDiscrete():
            return (space.start + np.floor(fractions.reshape(space.shape) * space.nvec)).astype(space.dtype)
        case ActionMask():
            return np.concatenate(
                [np.maximum(fractions[start:][:size] >= 0.5, np.arange(size) == row % size) for start, size in space.parts]
            )
        case MultiBinary():
            return np.floor(fractions.reshape(space.shape) * 2).astype(space.dtype)
        case Box():
            return _in_box(space, fractions)
    raise TypeError(f"{space} is no space of observations")


def _in_box(space: Box, fractions: Array) -> Array:
    low, high = (bound.astype(np.float64) for bound in (space.low, space.high))
    nearest = np.clip(0.0, low, high)
    is_whole = not np.issubdtype(space.dtype, np.floating)
    lower, upper = (np.clip(nearest + side * NEAR[is_whole], low, high) for side in (-1, 1))
    spread = fractions[: lower.size].reshape(space.shape)
    found = np.floor(lower + spread * (upper - lower + 1)) if is_whole else lower + spread * (upper - lower)
    element: Array = np.clip(found, lower, upper).astype(space.dtype)
    return np.clip(element, space.low, space.high)
