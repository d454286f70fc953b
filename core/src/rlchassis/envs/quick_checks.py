"""The checks of every step, each in a fraction of a microsecond; what is unusual is left to observations.py, which has the words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import isfinite
from operator import call, contains
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Tuple

from rlchassis.data.action_layout import parts_of
from rlchassis.envs.masks import ActionMask
from rlchassis.envs.observations import Leaf, item
from rlchassis.envs.spaces import AnySpace, Array, Bounds, Observations, limits_of

Put: TypeAlias = Callable[[Any, Any, Any], None]
Check: TypeAlias = Callable[[], bool]
NUMBER_DTYPES = tuple(map(np.dtype, "?bhilqBHILQefdg"))
WHOLE_TYPES = frozenset({int, *(np.dtype(code).type for code in "bhilqBHILQ")})
REWARD_TYPES = frozenset({float, int, np.float32, np.float64, np.int64})
FEW = 32
"""Up to so many numbers a loop in Python is quicker than numpy's."""


def putter(space: AnySpace, leading: tuple[int, ...] = (), path: str = "") -> Put:
    """`put(tree, index, observation)` stores what has the right form; UnfitAnswer for all else. Values are left to value_checks."""
    if parts_of(space) is not None:
        return _parts_putter(space, leading, path)
    leaf = Leaf(space, path)
    return _array_putter(leaf, leading) if leading or space.shape else _scalar_putter(leaf)


def value_check(space: AnySpace, tree: Observations) -> Check:
    """Whether stored observations are finite and, where they are integers, within the space, at the time it is called."""
    checks = _value_checks(space, tree)
    return checks[0] if len(checks) == 1 else lambda: all(map(call, checks))


def all_finite(numbers: Array) -> bool:
    """Whether there is neither nan nor infinity among them."""
    if numbers.size > FEW:
        return b"\x00" not in np.isfinite(numbers).tobytes()
    values = numbers.ravel().tolist()
    return isfinite(sum(values)) or all(map(isfinite, values))


def _value_checks(space: AnySpace, tree: Observations) -> list[Check]:
    parts = parts_of(space)
    if parts is not None:
        assert isinstance(tree, dict), "a Dict or Tuple is stored as a dict"
        return [check for key, inner in parts.items() for check in _value_checks(inner, tree[key])]
    assert isinstance(tree, np.ndarray), "any other space is stored as an array"
    leaf = Leaf(space)
    if isinstance(space, ActionMask):
        return [partial(_each_allows, space, tree.view(np.uint8))]
    if leaf.dtype.kind == "f":
        return [partial(all_finite, tree)]
    return [] if leaf.bounds is None else _range_checks(tree, leaf.bounds)


def _range_checks(tree: Array, bounds: Bounds) -> list[Check]:
    lowest, highest = map(int, limits_of(tree.dtype))
    low, high = (np.asarray(bound.astype(object).clip(lowest, highest)).astype(tree.dtype) for bound in bounds)
    if tree.size <= FEW:
        spread = (np.broadcast_to(bound, tree.shape).ravel().tolist() for bound in (low, high))
        return [partial(_all_in, [range(a, b + 1) for a, b in zip(*spread, strict=True)], tree.reshape(-1))]
    sides = [(np.less, low, lowest), (np.greater, high, highest)]
    return [partial(_none_is, beyond, tree, bound) for beyond, bound, limit in sides if (bound != limit).any()]


def _each_allows(space: ActionMask, masks: Array) -> bool:
    """Whether every part of each row holds zeros and at least one 1, and nothing else."""
    best = space.best(masks)
    return bool(best.tobytes() == b"\x01" * best.size)


def _none_is(beyond: Callable[[Array, Array], Array], tree: Array, bound: Array) -> bool:
    return b"\x01" not in beyond(tree, bound).tobytes()


def _all_in(ranges: Iterable[range], numbers: Array) -> bool:
    return all(map(contains, ranges, numbers.tolist()))


def _array_putter(leaf: Leaf, leading: tuple[int, ...]) -> Put:
    shape = (*leading, *(leaf.space.shape or ()))
    lossless = frozenset(dtype for dtype in NUMBER_DTYPES if leaf.dtype.kind == "f" or np.can_cast(dtype, leaf.dtype, "safe"))

    def put(tree: Any, index: Any, value: Any) -> None:
        array = value if type(value) is np.ndarray else _array_of(value)
        if array.shape == shape and array.dtype in lossless:
            tree[index] = array
        else:
            tree[index] = leaf.fitted(value, leading)

    return put


def _array_of(value: Any) -> Array:
    try:
        return np.asarray(value)
    except Exception:  # noqa: BLE001  foreign objects and ragged lists fail as they like
        return np.empty(0, object)


def _scalar_putter(leaf: Leaf) -> Put:
    def put(tree: Any, index: Any, value: Any) -> None:
        try:
            tree[index] = int(value) if type(value) in WHOLE_TYPES else leaf.fitted(value)
        except OverflowError:
            leaf.fitted(value)  # says what is wrong with it

    return put


def _parts_putter(space: AnySpace, leading: tuple[int, ...], path: str) -> Put:
    """Of a Dict, whose parts are read by key, or a Tuple, whose parts are read by position."""
    parts = (parts_of(space) or {}).items()
    putters = [
        (key, int(key) if isinstance(space, Tuple) else key, putter(inner, leading, f"{path}.{key}" if path else key))
        for key, inner in parts
    ]

    def put(tree: Any, index: Any, observation: Any) -> None:
        try:
            for key, place, put_inner in putters:
                put_inner(tree[key], index, observation[place])
        except (KeyError, IndexError, TypeError):  # neither dict nor tuple, or one that lacks a part
            for key, _, put_inner in putters:
                put_inner(tree[key], index, item(observation, key, space, path))

    return put
