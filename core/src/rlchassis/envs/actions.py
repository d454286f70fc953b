"""Mapping of policy actions (in [−1, 1], or indices from 0) to the environment's action space."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from attrs import define, field
from gymnasium.spaces import Box, Discrete
from numpy.random import Generator
from numpy.typing import NDArray

from rlchassis.data.action_layout import leaves
from rlchassis.envs.quick_checks import all_finite
from rlchassis.envs.spaces import AnySpace, Array
from rlchassis.envs.structured_actions import StructuredActions
from rlchassis.errors import ActionFailure


def _none() -> Any:
    return np.empty(0)


@define(eq=False)
class ActionMap:
    """Maps policy actions [N, …] to environment actions.

    Box, per dimension, and clipped to its bounds: a ↦ centre + half · a; where one bound is infinite, from the other one on,
    a ↦ low + 1 + a or high − 1 + a; where both are, a ↦ a, kept finite in the dtype of the space. Discrete: a ↦ start + a.
    Other spaces: see StructuredActions. ActionFailure for non-finite actions, and for discrete actions outside of 0 … n − 1.
    """

    space: AnySpace
    _start: int = field(init=False, default=0)
    _count: int = field(init=False, default=0)
    _bounded: NDArray[np.bool_] = field(init=False, factory=_none)
    _low: NDArray[np.float64] = field(init=False, factory=_none)
    _high: NDArray[np.float64] = field(init=False, factory=_none)
    _half: NDArray[np.float64] = field(init=False, factory=_none)
    _centre: NDArray[np.float64] = field(init=False, factory=_none)
    _structured: StructuredActions | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if isinstance(self.space, Discrete):
            self._start, self._count = int(self.space.start), int(self.space.n)
        elif isinstance(self.space, Box):
            self._set_bounds(self.space.low.astype(np.float64), self.space.high.astype(np.float64))
        else:
            boxes = {path: ActionMap(leaf) for path, leaf in leaves(self.space) if isinstance(leaf, Box)}
            self._structured = StructuredActions(self.space, boxes)

    def _set_bounds(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        self._bounded = np.isfinite(low) & np.isfinite(high)
        inner_low = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high - 2, -1.0))
        inner_high = np.where(np.isfinite(high), high, np.where(np.isfinite(low), low + 2, 1.0))
        self._half, self._centre = inner_high / 2 - inner_low / 2, inner_high / 2 + inner_low / 2
        limits = np.finfo(self.space.dtype)
        self._low, self._high = np.maximum(low, float(limits.min)), np.minimum(high, float(limits.max))

    def to_env(self, actions: Array) -> Any:
        """Environment actions [N, …], in the dtype of the space; a dict or tuple of these for Dict and Tuple spaces."""
        if isinstance(self.space, Discrete):
            self._require_counted(actions)
            return (actions + self._start if self._start else actions).astype(self.space.dtype)
        if self._structured is not None:
            return self._structured.to_env(actions)
        if not all_finite(actions):
            self._refuse(
                actions, ~np.isfinite(actions), "finite numbers: learning diverged; try a smaller learning rate or a gradient norm limit"
            )
        scaled = actions.reshape(len(actions), *self._half.shape) * self._half
        scaled += self._centre
        np.maximum(scaled, self._low, out=scaled)
        np.minimum(scaled, self._high, out=scaled)
        return scaled.astype(self.space.dtype)

    def _require_counted(self, actions: Array) -> None:
        n = self._count
        if actions.ndim != 1 or actions.dtype.kind not in "biu":
            got = f"actions of shape {actions.shape} and dtype {actions.dtype}"
            raise ActionFailure(f"the policy chose {got}, expected an integer from 0 to {n - 1} for each environment")
        chosen = actions.tolist()
        if min(chosen) < 0 or max(chosen) >= n:
            self._refuse(actions, (actions < 0) | (actions >= n), f"an integer from 0 to {n - 1}")

    def _refuse(self, actions: Array, wrong: Array, expected: str) -> NoReturn:
        index = tuple(np.argwhere(wrong)[0])
        raise ActionFailure(f"the policy chose {actions[index]} in row {index[0]} of its actions, expected {expected}")

    def random(self, n: int, generator: Generator) -> Array:
        """Random policy actions [n, …]: uniform in bounded dimensions, standard normal where a bound is infinite."""
        if isinstance(self.space, Discrete):
            return generator.integers(int(self.space.n), size=n)
        if self._structured is not None:
            return self._structured.random(n, generator)
        uniform = generator.uniform(-1.0, 1.0, (n, *self._bounded.shape))
        if not self._bounded.all():
            uniform = np.where(self._bounded, uniform, generator.standard_normal(uniform.shape))
        return uniform.astype(np.float32)


def one_by_one(actions: Any) -> list[Any]:
    """Split environment actions into those of single environments: numpy integers for Discrete, arrays for Box, dicts and tuples."""
    if isinstance(actions, np.ndarray):
        return [actions[i, ...] for i in range(len(actions))] if actions.ndim == 1 and actions.dtype.kind == "f" else list(actions)
    if isinstance(actions, dict):
        columns = map(one_by_one, actions.values())
        return [dict(zip(actions, row, strict=True)) for row in zip(*columns, strict=True)]
    return list(zip(*map(one_by_one, actions), strict=True)) if isinstance(actions, tuple) else list(actions)
