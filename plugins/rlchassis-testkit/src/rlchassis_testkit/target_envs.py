"""Tasks with structured actions whose optimal return is known."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Space


class Matching(gym.Env[Any, Any]):
    """Match a random target in each part of a MultiDiscrete action: reward 1 for each part that is right, in episodes of ten steps.

    Optimal return: 30; that of uniformly random actions: 10 · (1/5 + 1/3 + 1/2) ≈ 10.3.
    """

    observation_space: Space[Any] = MultiDiscrete([5, 3, 2])
    action_space: Space[Any] = MultiDiscrete([5, 3, 2], np.int16, start=[2, -1, 0])
    optimum = 30.0

    def __init__(self) -> None:
        self.target, self.count = np.zeros(3, np.int64), 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Draw the first target."""
        super().reset(seed=seed)
        self.count = 0
        return self._next(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Reward the parts that are right and draw the next target."""
        reward = float((action - [2, -1, 0] == self.target).sum())
        self.count += 1
        return self._next(), reward, False, self.count == 10, {}

    def _next(self) -> Any:
        self.target = self.np_random.integers([5, 3, 2])
        return self.target.copy()


class Gripper(gym.Env[Any, Any]):
    """Move to a target and close, leave or open a gripper: a Dict action of a Discrete and a Box part, in episodes of ten steps.

    The grip is right if it is the sign of the load, −1, 0 or 1: reward 1, less the distance |move − target| in both dimensions.
    Optimal return: 10. The best return without regard to the load, or with the move at the centre: 3.3, or −10.
    """

    observation_space: Space[Any] = Dict({"load": Discrete(3), "target": Box(-1.0, 1.0, (2,), np.float32)})
    action_space: Space[Any] = Dict({"grip": Discrete(3, start=-1), "move": Box(0.0, 4.0, (2,), np.float64)})
    optimum = 10.0

    def __init__(self) -> None:
        self.load, self.target, self.count = 0, np.zeros(2), 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Draw the first load and target."""
        super().reset(seed=seed)
        self.count = 0
        return self._next(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Reward the grip, less the distance, and draw the next load and target."""
        distance = np.abs(action["move"] - 2 * (self.target + 1)).sum()
        reward = float(action["grip"] == self.load - 1) - float(distance)
        self.count += 1
        return self._next(), reward, False, self.count == 10, {}

    def _next(self) -> Any:
        self.load = int(self.np_random.integers(3))
        self.target = self.np_random.uniform(-1, 1, 2)
        return {"load": self.load, "target": self.target.astype(np.float32)}
