"""From chassis actions (in [−1, 1], or counted from 0) to those of the environment. Observations stand in spaces.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from gymnasium.spaces import Box, Discrete

from rlchassis.envs.spaces import AnySpace, Array, describe
from rlchassis.errors import UnsupportedSpaceError

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@define(eq=False)
class ActionMap:
    """Turns chassis actions [N, …] into environment actions; made once from the action space.

    Box: a ↦ centre + half · a, clipped to [low, high], per dimension; where a bound is infinite, a ↦ a. Discrete: a ↦ start + a.
    """

    space: AnySpace
    start: int = field(init=False, default=0)
    centre: NDArray[np.float64] = field(init=False, factory=lambda: np.zeros(()))
    half: NDArray[np.float64] = field(init=False, factory=lambda: np.zeros(()))
    low: NDArray[np.float64] = field(init=False, factory=lambda: np.zeros(()))
    high: NDArray[np.float64] = field(init=False, factory=lambda: np.zeros(()))
    bounded: NDArray[np.bool_] = field(init=False, factory=lambda: np.zeros((), bool))

    def __attrs_post_init__(self) -> None:
        if isinstance(self.space, Discrete):
            self.start = int(self.space.start)
        elif isinstance(self.space, Box):
            self._set_bounds(self.space.low.astype(np.float64), self.space.high.astype(np.float64))
        else:
            raise UnsupportedSpaceError(f"actions of {describe(self.space)} are not supported; use Box or Discrete")

    def _set_bounds(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        self.bounded = np.isfinite(low) & np.isfinite(high)
        inner_low, inner_high = np.where(self.bounded, low, -1.0), np.where(self.bounded, high, 1.0)
        self.half, self.centre = inner_high / 2 - inner_low / 2, inner_high / 2 + inner_low / 2
        self.low, self.high = np.where(self.bounded, low, -np.inf), np.where(self.bounded, high, np.inf)

    @property
    def discrete(self) -> bool:
        """Whether an action is an integer counted from 0."""
        return isinstance(self.space, Discrete)

    def to_env(self, actions: Array) -> Array:
        """Environment actions [N, …] in the dtype of the space."""
        if self.discrete:
            return (actions + self.start).astype(self.space.dtype, copy=False)
        scaled = actions.reshape(len(actions), *self.half.shape) * self.half
        scaled += self.centre
        np.maximum(scaled, self.low, out=scaled)
        np.minimum(scaled, self.high, out=scaled)
        return scaled.astype(self.space.dtype)

    def random(self, n: int, generator: Generator) -> Array:
        """Chassis actions [n, …]: uniform over what is bounded, standard normal where a bound is infinite."""
        if isinstance(self.space, Discrete):
            return generator.integers(int(self.space.n), size=n)
        uniform = generator.uniform(-1.0, 1.0, (n, *self.bounded.shape))
        if not self.bounded.all():
            uniform = np.where(self.bounded, uniform, generator.standard_normal(uniform.shape))
        return uniform.astype(np.float32)


def one_by_one(actions: Array) -> list[Any]:
    """Environment actions as single envs get them from `action_space.sample()`: numpy integers for Discrete, arrays for Box."""
    if actions.ndim == 1 and np.issubdtype(actions.dtype, np.floating):
        return [actions[i, ...] for i in range(len(actions))]
    return list(actions)
