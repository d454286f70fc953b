"""Complete checks of observations against their space, with messages; the quick form stands in quick_checks.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import field, frozen
from gymnasium.spaces import Box, Tuple

from rlchassis.data.action_layout import parts_of
from rlchassis.envs.masks import ActionMask
from rlchassis.envs.spaces import AnySpace, Array, Bounds, describe, integer_bounds, limits_of, storage_dtype
from rlchassis.envs.step_checks import UnfitAnswer, as_array, shown

SLACK = 1e-5
"""How far beyond a bound, relative to it, rounding may carry a float."""


@frozen
class Leaf:
    """One array of an observation: the whole of it, or one part of a Dict or Tuple."""

    space: AnySpace
    path: str = ""
    """The keys that lead there, "camera.left"; empty for the whole observation."""
    dtype: np.dtype[Any] = field(init=False)
    bounds: Bounds | None = field(init=False, eq=False)
    """The lowest and highest integers of the space; None for floats, and where the dtype holds no others."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "dtype", storage_dtype(self.space))
        object.__setattr__(self, "bounds", integer_bounds(self.space, self.dtype))

    @property
    def name(self) -> str:
        """As messages name it."""
        return f"observation {self.path!r}" if self.path else "observation"

    def fitted(self, value: Any, leading: tuple[int, ...] = (), row: int | None = None) -> Array:
        """The value as it is stored, under the given leading dimensions; UnfitAnswer unless it is of the space, and cast without loss.

        Floats may be narrowed to float32. `row` is whose value it is where its owner is one of several.
        """
        array = as_array(value)
        if array is None:
            raise UnfitAnswer(f"answered {shown(value)} as {self.name}, expected {self._expected()}")
        if array.shape != (*leading, *self._shape):
            raise UnfitAnswer(f"answered an {self.name} of shape {array.shape}, but its space is {describe(self.space)}")
        with np.errstate(all="ignore"):
            stored = array.astype(self.dtype)
        if self.dtype.kind != "f":
            self._refuse(array, stored != array, row)
        self._refuse(array, self._impossible(stored), row)
        return stored

    def require_values(self, stored: Array, row: int | None = None) -> None:
        """UnfitAnswer for a number that is not finite, an integer that is not in the space, or a mask without allowed action.

        Rows may be stacked; else `row` is whose it is, as in `fitted`.
        """
        self._refuse(stored, self._impossible(stored), row)
        if isinstance(self.space, ActionMask):
            for *rows, part in np.argwhere(self.space.best(stored) == 0).tolist():
                number = f"{self.space.sizes[part]} actions{f' of part {part}' if len(self.space.sizes) > 1 else ''}"
                raise UnfitAnswer(f"answered an action mask that allows none of {number}, expected at least one", rows[0] if rows else row)

    def outside(self, stored: Array) -> bool:
        """Whether a float is clearly beyond the declared bounds of its Box."""
        if self.dtype.kind != "f" or not isinstance(self.space, Box):
            return False
        low, high = self.space.low, self.space.high
        return bool(((stored < low - SLACK * np.maximum(1, abs(low))) | (stored > high + SLACK * np.maximum(1, abs(high)))).any())

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(self.space.shape or ())

    def _impossible(self, stored: Array) -> Any:
        if self.dtype.kind == "f":
            return ~np.isfinite(stored)
        return np.False_ if self.bounds is None else (stored < self.bounds[0]) | (stored > self.bounds[1])

    def _refuse(self, array: Array, wrong: Any, row: int | None = None) -> None:
        if not wrong.any():
            return
        index = tuple(int(i) for i in np.argwhere(np.broadcast_to(wrong, array.shape))[0])
        row, inner = (index[0], index[1:]) if array.ndim > len(self._shape) else (row, index)
        place = f" at {list(inner)}" if inner else ""
        raise UnfitAnswer(f"answered {array[index]}{place} in its {self.name}, expected {self._expected(inner)}", row)

    def _expected(self, index: tuple[int, ...] | None = None) -> str:
        """In words, which number is possible at one place, or which array is."""
        one, several = ("a finite number", "finite numbers") if self.dtype.kind == "f" else ("a whole number", "whole numbers")
        if index is None and self._shape:
            return f"{several} in an array of shape {self._shape}, since its space is {describe(self.space)}"
        if self.dtype.kind == "f":
            return f"{one} of {self.dtype}, since its space is {describe(self.space)}"
        low, high = self.bounds or limits_of(self.dtype)
        at = (index or ()) if low.ndim else ()
        return f"{one} from {low[at]} to {high[at]}, since its space is {describe(self.space)}"


def leaves_of(space: AnySpace, observation: Any, path: str = "") -> Iterator[tuple[Leaf, Any]]:
    """Each leaf of a space with what was answered for it; UnfitAnswer where a dict, a tuple or a part of one is missing."""
    parts = parts_of(space)
    if parts is None:
        yield Leaf(space, path), observation
        return
    for key, inner in parts.items():
        yield from leaves_of(inner, item(observation, key, space, path), f"{path}.{key}" if path else key)


def as_tree(space: AnySpace, observation: Any) -> Any:
    """The observation as it is stored, with dicts in place of tuples; what is no dict or tuple of the space is left as it is."""
    parts = parts_of(space)
    given = None if parts is None else _by_key(observation)
    if parts is None or not isinstance(given, Mapping):
        return observation
    return {key: as_tree(parts[key], part) for key, part in given.items() if key in parts}


def _by_key(observation: Any) -> Any:
    """The parts of a tuple or list by position."""
    return {str(i): part for i, part in enumerate(observation)} if isinstance(observation, tuple | list) else observation


def require_fitting(space: AnySpace, observation: Any, leading: tuple[int, ...] = ()) -> None:
    """UnfitAnswer unless it is of the space, under the given leading dimensions, and can be stored without loss."""
    for leaf, value in leaves_of(space, observation):
        leaf.require_values(leaf.fitted(value, leading))


def item(observation: Any, key: str, space: AnySpace, path: str) -> Any:
    """The part under a key, of a tuple by position; UnfitAnswer where there is none."""
    if isinstance(space, Tuple):
        observation = _by_key(observation)
    if not isinstance(observation, Mapping):
        name, kind = f"observation {path!r}" if path else "observation", "tuple" if isinstance(space, Tuple) else "dict"
        raise UnfitAnswer(f"answered {shown(observation)} as {name}, expected a {kind}, since its space is {describe(space)}")
    if key not in observation:
        raise UnfitAnswer(f"answered an observation that has no {f'{path}.{key}' if path else key!r}, but its space is {describe(space)}")
    return observation[key]


def require_possible(space: AnySpace, rewards: Array, observations: Any) -> None:
    """UnfitAnswer, with its row, for a reward or an observation [N, …] that is not finite or, being an integer, not in the space."""
    for row in np.flatnonzero(~np.isfinite(rewards)).tolist():
        raise UnfitAnswer(f"answered {rewards[row]} as reward, expected a finite number", row)
    for leaf, stored in leaves_of(space, observations):
        leaf.require_values(stored)
