"""A task with continuous actions that has a vectorised form of its own, as few of gymnasium's have."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

EPISODE = 20
POINT = "RlchassisPoint-v0"
"""Id of the task: push a point on a line to its middle; the reward is minus its distance."""


class PointEnv(gym.Env[Any, Any]):
    """One point."""

    observation_space = Box(-10, 10, (1,), np.float32)
    action_space = Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin somewhere within [−1, 1]."""
        super().reset(seed=seed)
        self._place, self._steps = self.np_random.uniform(-1, 1, 1).astype(np.float32), 0
        return self._place.copy(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Move by a tenth of the action."""
        self._place, self._steps = self._place + 0.1 * np.asarray(action, np.float32), self._steps + 1
        return self._place.copy(), -float(abs(self._place[0])), False, self._steps >= EPISODE, {}


class VectorPoint(VectorEnv[Any, Any, Any]):
    """Several points as one array; a point that has ended is reset in the next step."""

    def __init__(self, num_envs: int = 1, **kwargs: Any) -> None:
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = PointEnv.observation_space, PointEnv.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self._places = np.zeros((num_envs, 1), np.float32)
        self._steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin all anew; of several seeds the first counts."""
        super().reset(seed=seed[0] if isinstance(seed, list) else seed)
        self._begin(np.ones(self.num_envs, np.bool_))
        return self._places.copy(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Move all, or reset those that had ended."""
        over = self._steps >= EPISODE
        self._places, self._steps = self._places + np.float32(0.1) * np.asarray(actions, np.float32), self._steps + 1
        self._begin(over)
        rewards = np.where(over, 0.0, -np.abs(self._places[:, 0]))
        return self._places.copy(), rewards, np.zeros(self.num_envs, np.bool_), self._steps >= EPISODE, {}

    def _begin(self, chosen: NDArray[np.bool_]) -> None:
        fresh = self.np_random.uniform(-1, 1, (self.num_envs, 1)).astype(np.float32)
        self._places = np.where(chosen[:, None], fresh, self._places)
        self._steps = np.where(chosen, 0, self._steps)


if POINT not in gym.registry:
    make: Any = PointEnv  # gymnasium's types do not know that a class makes its instances
    gym.register(POINT, entry_point=make, vector_entry_point=VectorPoint)
