"""Spaces: which are supported, storage of their values, descriptions. Actions are in actions.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space
from numpy.typing import NDArray

from rlchassis.errors import UnsupportedSpaceError

AnySpace: TypeAlias = Space[Any]
Array: TypeAlias = NDArray[Any]
Observations: TypeAlias = Array | dict[str, "Observations"]
"""One array, or a dict of them for Dict spaces; every leaf shares its leading dimensions."""

Bounds: TypeAlias = tuple[Array, Array]
"""The lowest and the highest, each a scalar or one per element."""

OBSERVATION_KINDS = "Box, Discrete, MultiBinary, MultiDiscrete and Dict of these"
ACTION_KINDS = "floating-point Box and Discrete"


def require_supported(observation_space: AnySpace, action_space: AnySpace) -> None:
    """UnsupportedSpaceError unless rlchassis supports these observation and action spaces."""
    if not any(True for _ in leaves(observation_space)):
        raise UnsupportedSpaceError(f"the observation space is {describe(observation_space)}, which has no parts to observe")
    for path, leaf in leaves(observation_space):
        if not isinstance(leaf, Box | Discrete | MultiBinary | MultiDiscrete):
            name = f"observation {path!r}" if path else "the observation space"
            raise UnsupportedSpaceError(f"{name} is {describe(leaf)}, which is not supported; supported are {OBSERVATION_KINDS}")
    if not (isinstance(action_space, Discrete) or (isinstance(action_space, Box) and np.issubdtype(action_space.dtype, np.floating))):
        raise UnsupportedSpaceError(f"the action space is {describe(action_space)}, which is not supported; supported are {ACTION_KINDS}")


def leaves(space: AnySpace, path: str = "") -> Iterator[tuple[str, AnySpace]]:
    """Every space inside nested Dicts with its path of keys, "camera.left"; a space that is no Dict is its own leaf, with path ""."""
    if not isinstance(space, Dict):
        yield path, space
        return
    for key, inner in space.spaces.items():
        yield from leaves(inner, f"{path}.{key}" if path else str(key))


def kinds_in(space: AnySpace) -> frozenset[str]:
    """Kinds of spaces that a plugin must declare to support this space: {"Dict", "Box"} for a Dict of Boxes."""
    return frozenset(type(part).__name__ for part in (space, *(leaf for _, leaf in leaves(space))))


def describe(space: AnySpace) -> str:
    """A short name for messages: "Box(4,)", "Box(84, 84, 3) of uint8", "Discrete(2)", "Dict(at: Box(2,), on: Discrete(2))"."""
    if isinstance(space, Dict):
        return f"Dict({', '.join(f'{key}: {describe(inner)}' for key, inner in space.spaces.items())})"
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
    if isinstance(space, Dict):
        return {key: allocate(inner, *leading, new=new) for key, inner in space.spaces.items()}
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
