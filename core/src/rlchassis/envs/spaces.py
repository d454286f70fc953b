"""Spaces: which are supported, storage of their values, descriptions. Actions are in actions.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple
from numpy.typing import NDArray

from rlchassis.data.action_layout import leaves, parts_of
from rlchassis.errors import UnsupportedSpaceError

AnySpace: TypeAlias = Space[Any]
Array: TypeAlias = NDArray[Any]
Observations: TypeAlias = Array | dict[str, "Observations"]
"""One array, or a dict of them for Dict and Tuple spaces; every leaf shares its leading dimensions."""

Bounds: TypeAlias = tuple[Array, Array]
"""The lowest and the highest, each a scalar or one per element."""

OBSERVATION_KINDS = "Box, Discrete, MultiBinary, MultiDiscrete, and Dict and Tuple of these"
ACTION_KINDS = "floating-point Box, Discrete, MultiBinary, MultiDiscrete, and Dict and Tuple of these"


def require_supported(observation_space: AnySpace, action_space: AnySpace) -> None:
    """UnsupportedSpaceError unless rlchassis supports these observation and action spaces."""
    for what, verb, space, kinds in (
        ("observation", "observe", observation_space, OBSERVATION_KINDS),
        ("action", "choose", action_space, ACTION_KINDS),
    ):
        if not any(True for _ in leaves(space)):
            raise UnsupportedSpaceError(f"the {what} space is {describe(space)}, which has no parts to {verb}")
        for path, leaf in leaves(space):
            if not _is_supported(leaf, floats_only=what == "action"):
                name = f"{what} {path!r}" if path else f"the {what} space"
                raise UnsupportedSpaceError(
                    f"{name} is {describe(leaf)}, which is not supported; supported are {kinds}: convert it in a wrapper of the environment"
                )


def _is_supported(leaf: AnySpace, *, floats_only: bool) -> bool:
    if isinstance(leaf, Box):
        return not floats_only or bool(np.issubdtype(leaf.dtype, np.floating))
    return isinstance(leaf, Discrete | MultiBinary | MultiDiscrete)


def kinds_in(space: AnySpace) -> frozenset[str]:
    """Kinds of spaces that a plugin must declare to support this space: {"Dict", "Box"} for a Dict of Boxes."""
    parts = parts_of(space) or {}
    return frozenset({type(space).__name__}).union(*map(kinds_in, parts.values()))


def describe(space: AnySpace) -> str:
    """A short name for messages: "Box(4,)", "Box(84, 84, 3) of uint8", "Discrete(2)", "Dict(at: Box(2,), on: Discrete(2))"."""
    if isinstance(space, Dict):
        return f"Dict({', '.join(f'{key}: {describe(inner)}' for key, inner in space.spaces.items())})"
    if isinstance(space, Tuple):
        return f"Tuple({', '.join(map(describe, space.spaces))})"
    if isinstance(space, Box):
        return f"Box{space.shape}" + ("" if np.issubdtype(space.dtype, np.floating) else f" of {space.dtype}")
    if isinstance(space, Discrete):
        return f"Discrete({space.n})" if space.start == 0 else f"Discrete({space.n}, start={space.start})"
    return str(space)


def storage_dtype(space: AnySpace) -> np.dtype[Any]:
    """Storage dtype: float32 for floats, the space's own dtype for integers and booleans."""
    own: np.dtype[Any] = np.dtype(space.dtype)
    return np.dtype(np.float32) if own.kind == "f" else own.newbyteorder("=")


def allocate(space: AnySpace, *leading: int, new: Callable[[tuple[int, ...], np.dtype[Any]], Array] = np.zeros) -> Observations:
    """Arrays for observations of this space with leading dimensions, created by `new(shape, dtype)`."""
    parts = parts_of(space)
    if parts is not None:
        return {key: allocate(inner, *leading, new=new) for key, inner in parts.items()}
    assert space.shape is not None, "every supported space has a shape"
    return new((*leading, *space.shape), storage_dtype(space))


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
