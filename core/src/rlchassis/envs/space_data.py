"""Spaces as plain JSON data and back, exactly; what spaces mean to the chassis stands in spaces.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

from rlchassis.envs.spaces import OBSERVATION_KINDS, AnySpace, Array, describe
from rlchassis.errors import StoredFileError, UnsupportedSpaceError

Data: TypeAlias = dict[str, Any]
INFINITIES = {"inf": math.inf, "-inf": -math.inf}


def space_to_data(space: AnySpace) -> Data:
    """Plain data from which space_from_data makes an equal space; bounds are a scalar where all are equal, infinities strings."""
    if isinstance(space, Box):
        bounds = {"low": _bound_to_data(space.low), "high": _bound_to_data(space.high)}
        return {"kind": "Box", **bounds, "shape": list(space.shape), "dtype": str(space.dtype)}
    if isinstance(space, Discrete):
        return {"kind": "Discrete", "n": int(space.n), "start": int(space.start), "dtype": str(space.dtype)}
    if isinstance(space, MultiBinary):
        return {"kind": "MultiBinary", "n": space.n if isinstance(space.n, int) else list(space.shape)}
    if isinstance(space, MultiDiscrete):
        return {"kind": "MultiDiscrete", "nvec": space.nvec.tolist(), "start": space.start.tolist(), "dtype": str(space.dtype)}
    if isinstance(space, Dict):
        return {"kind": "Dict", "spaces": {key: space_to_data(inner) for key, inner in space.spaces.items()}}
    raise UnsupportedSpaceError(f"{describe(space)} cannot be stored; supported are {OBSERVATION_KINDS}")


def space_from_data(data: Any) -> AnySpace:
    """The space that space_to_data told; raises StoredFileError for anything else."""
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(kind, str) or kind not in _MAKERS:
        raise StoredFileError(f"a stored space must have a kind out of {', '.join(_MAKERS)}, but is {data!r}")
    make, keys = _MAKERS[kind]
    if set(data) != {"kind", *keys}:
        raise StoredFileError(f"a stored {kind} must have exactly kind, {', '.join(keys)}, but has {', '.join(map(str, data))}")
    try:
        return make(data)
    except (TypeError, ValueError, AssertionError, OverflowError, AttributeError) as error:
        raise StoredFileError(f"a stored {kind} cannot be understood: {error}") from error


def _box(data: Mapping[str, Any]) -> AnySpace:
    shape, dtype = tuple(data["shape"]), np.dtype(data["dtype"])
    low, high = (_bound_from_data(data[key], shape, dtype) for key in ("low", "high"))
    return Box(low, high, shape, dtype.type)


def _discrete(data: Mapping[str, Any]) -> AnySpace:
    return Discrete(data["n"], start=data["start"], dtype=np.dtype(data["dtype"]).type)


def _multi_binary(data: Mapping[str, Any]) -> AnySpace:
    return MultiBinary(data["n"])


def _multi_discrete(data: Mapping[str, Any]) -> AnySpace:
    dtype = np.dtype(data["dtype"])
    return MultiDiscrete(np.array(data["nvec"], dtype), dtype.type, start=np.array(data["start"], dtype))


def _dict(data: Mapping[str, Any]) -> AnySpace:
    return Dict({key: space_from_data(inner) for key, inner in data["spaces"].items()}, sort_keys=False)


_MAKERS: dict[str, tuple[Callable[[Mapping[str, Any]], AnySpace], tuple[str, ...]]] = {
    "Box": (_box, ("low", "high", "shape", "dtype")),
    "Discrete": (_discrete, ("n", "start", "dtype")),
    "MultiBinary": (_multi_binary, ("n",)),
    "MultiDiscrete": (_multi_discrete, ("nvec", "start", "dtype")),
    "Dict": (_dict, ("spaces",)),
}


def _bound_to_data(bound: Array) -> Any:
    if bound.size and (bound == bound.flat[0]).all():
        return _number_to_data(bound.flat[0].item())
    return _map_numbers(_number_to_data, bound.tolist())


def _bound_from_data(data: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    numbers = np.array(_map_numbers(_number_from_data, data), dtype)
    if numbers.shape not in ((), shape):
        raise ValueError(f"its bounds have shape {numbers.shape} instead of {shape}")
    return np.broadcast_to(numbers, shape).copy()


def _map_numbers(function: Callable[[Any], Any], nested: Any) -> Any:
    return [_map_numbers(function, inner) for inner in nested] if isinstance(nested, list) else function(nested)


def _number_to_data(number: Any) -> Any:
    return str(number) if isinstance(number, float) and math.isinf(number) else number


def _number_from_data(data: Any) -> Any:
    if isinstance(data, str):
        if data not in INFINITIES:
            raise ValueError(f"{data!r} is no number")
        return INFINITIES[data]
    return data
