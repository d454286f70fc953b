"""Exact encoding of spaces as plain JSON data, and decoding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from rlchassis.config.limits import MOST_SPACE_BYTES, MOST_SPACES
from rlchassis.envs.masks import ActionMask, dict_space
from rlchassis.envs.spaces import OBSERVATION_KINDS, AnySpace, Array, describe
from rlchassis.errors import StoredFileError, UnsupportedSpaceError

Data: TypeAlias = dict[str, Any]

_KEYS: dict[type[AnySpace], tuple[str, ...]] = {
    Box: ("low", "high", "shape", "dtype"),
    Discrete: ("n", "start", "dtype"),
    ActionMask: ("sizes",),
    MultiBinary: ("n",),
    MultiDiscrete: ("nvec", "start", "dtype"),
    Dict: ("spaces",),
    Tuple: ("spaces",),
}
"""What makes a space of each kind: its attributes and the arguments of its constructor by one name."""
_KINDS = {kind.__name__: kind for kind in _KEYS}


def space_to_data(space: AnySpace) -> Data:
    """Plain data from which space_from_data makes an equal space; bounds are a scalar where all are equal, infinities strings."""
    for kind, keys in _KEYS.items():
        if isinstance(space, kind):
            return {"kind": kind.__name__, **{key: _to_data(key, getattr(space, key)) for key in keys}}
    raise UnsupportedSpaceError(f"{describe(space)} cannot be stored; supported are {OBSERVATION_KINDS}")


def space_from_data(data: Any) -> AnySpace:
    """Decode the output of space_to_data; StoredFileError for anything else, and for bounds above the size limit."""
    parts = list(_parts(data))
    if len(parts) > MOST_SPACES or sum(map(_bytes_of_bounds, parts)) > MOST_SPACE_BYTES:
        raise StoredFileError(f"a stored space has more than {MOST_SPACES} parts, or bounds of more than {MOST_SPACE_BYTES} bytes")
    return _space(data)


def _parts(data: Any) -> Iterator[Mapping[str, Any]]:
    """It and all within it."""
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield part
            inner = part.get("spaces")
            waiting += inner.values() if isinstance(inner, Mapping) else inner if isinstance(inner, list) else ()


def _bytes_of_bounds(data: Mapping[str, Any]) -> int:
    """Of the arrays that gymnasium makes of a Box: both bounds, and of each whether it is finite."""
    match data:
        case {"shape": [*shape], "dtype": str(dtype)} if all(type(size) is int and size >= 0 for size in shape):
            return int(math.prod(shape)) * 2 * (_item_size(dtype) + 1)
    return 0


def _item_size(dtype: str) -> int:
    try:
        return np.dtype(dtype).itemsize
    except (TypeError, ValueError):
        return 0


def _space(data: Any) -> AnySpace:
    """Without regard to the whole that it is part of."""
    name = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or name not in _KINDS:
        raise StoredFileError(f"a stored space must have a kind out of {', '.join(_KINDS)}, but has {name!r}")
    kind = _KINDS[name]
    if set(data) != {"kind", *_KEYS[kind]}:
        raise StoredFileError(f"a stored {name} must have exactly kind, {', '.join(_KEYS[kind])}, but has {', '.join(map(str, data))}")
    try:
        return _made(kind, {key: data[key] for key in _KEYS[kind]})
    except (TypeError, ValueError, AssertionError, OverflowError, AttributeError, MemoryError) as error:
        raise StoredFileError(f"a stored {name} cannot be understood: {error}") from error


def _to_data(key: str, value: Any) -> Any:
    if isinstance(value, tuple) and key == "spaces":
        return list(map(space_to_data, value))
    if key == "spaces":
        return {name: space_to_data(inner) for name, inner in value.items()}
    if key == "dtype":
        return str(value)
    if key in ("low", "high") and value.size and (value == value.flat[0]).all():
        value = value.flat[0]
    return _plain(np.asarray(value).tolist())


def _plain(numbers: Any) -> Any:
    """JSON has no infinities."""
    if isinstance(numbers, list):
        return [_plain(inner) for inner in numbers]
    return str(numbers) if isinstance(numbers, float) and math.isinf(numbers) else numbers


def _made(kind: type[AnySpace], facts: Data) -> AnySpace:
    if kind is Dict:
        return dict_space({name: _space(inner) for name, inner in facts["spaces"].items()})
    if kind is Tuple:
        return Tuple(list(map(_space, facts["spaces"])))
    if "dtype" in facts:
        facts["dtype"] = np.dtype(facts["dtype"]).type
    if kind is Discrete and facts["dtype"] is np.int64:
        del facts["dtype"]  # the default, and no argument at all before gymnasium 1.2
    if kind is Box:
        facts["shape"] = tuple(facts["shape"])
        facts |= {key: _bound(facts[key], facts["shape"], facts["dtype"]) for key in ("low", "high")}
    return kind(**facts)


def _bound(data: Any, shape: tuple[int, ...], dtype: type[Any]) -> Array:
    numbers = np.array(data, dtype)
    return numbers if numbers.shape else np.full(shape, numbers)
