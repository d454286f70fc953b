"""Environments that are solved with memory alone: a T-maze, and observations without their velocities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray


class TMaze(gymnasium.Env[NDArray[np.float32], np.int64]):
    """A corridor with a cue at its start, which says what to choose at its end (Bakker 2002).

    Observations: cue (±1 in the first cell, else 0), and whether the cell is the junction. Actions: forward, up, down. At the junction up
    and down end the episode, with a reward of 1 where the cue said so and −0.1 otherwise; a step that does not move costs 0.1.
    Without memory the mean return is at most 0.45.
    """

    def __init__(self, length: int = 10) -> None:
        self.length = length
        self.observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(3)
        self._cue, self._cell, self._steps = 1, 0, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Draw a cue."""
        super().reset(seed=seed)
        self._cue, self._cell, self._steps = int(self.np_random.integers(2)) * 2 - 1, 0, 0
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Go forward, or choose at the junction."""
        self._steps += 1
        at_junction, forward = self._cell == self.length, action == 0
        chosen = at_junction and not forward
        if chosen:
            reward = 1.0 if (action == 1) == (self._cue == 1) else -0.1
        else:
            reward = -0.1 if at_junction or not forward else 0.0
            self._cell += int(reward == 0)
        return self._observation(), reward, bool(chosen), self._steps >= 3 * self.length and not chosen, {}

    def _observation(self) -> NDArray[np.float32]:
        return np.array([self._cue if self._cell == 0 else 0, self._cell == self.length], np.float32)


class Without(gymnasium.ObservationWrapper[NDArray[Any], Any, NDArray[Any]]):
    """Observations without some of their numbers, such as velocities."""

    def __init__(self, env: gymnasium.Env[Any, Any], indices: Sequence[int]) -> None:
        super().__init__(env)
        space: Any = env.observation_space
        self._kept = [i for i in range(space.shape[0]) if i not in indices]
        self.observation_space = gymnasium.spaces.Box(space.low[self._kept], space.high[self._kept], dtype=space.dtype)

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The others."""
        return observation[self._kept]


def pendulum_without_velocity() -> gymnasium.Env[Any, Any]:
    """Pendulum-v1 that shows the angle alone."""
    return Without(gymnasium.make("Pendulum-v1"), (2,))


def cart_pole_without_velocities() -> gymnasium.Env[Any, Any]:
    """CartPole-v1 that shows position and angle alone."""
    return Without(gymnasium.make("CartPole-v1"), (1, 3))
