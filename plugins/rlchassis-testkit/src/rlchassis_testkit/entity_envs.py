"""Environments for networks: random vectors, images and sets of entities, and a task in which the nearest of several entities counts."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space
from numpy.typing import NDArray

SPACES: dict[str, Space[Any]] = {
    "vector": Box(-1, 1, (3,), np.float32),
    "image": Box(0, 255, (12, 10, 3), np.uint8),
    "entities": Dict(entities=Box(-1, 1, (4, 3), np.float32), mask=MultiBinary(4), me=Discrete(2)),
}
"""Observation spaces by name."""


class Drawn(gym.Env[Any, Any]):
    """Random observations of one of SPACES, for two actions or two continuous dimensions, which have no effect; episodes of four steps."""

    def __init__(self, seen: str, *, continuous: bool) -> None:
        self.observation_space = SPACES[seen]
        self.action_space = Box(-1, 1, (2,), np.float32) if continuous else Discrete(2)
        self.count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self.count = 0
        return self._draw(self.observation_space), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Reward in [0, 1)."""
        self.count += 1
        return self._draw(self.observation_space), float(self.np_random.random()), self.count == 4, False, {}

    def _draw(self, space: Space[Any]) -> Any:
        match space:
            case Dict():
                return {key: self._draw(part) for key, part in space.spaces.items()}
            case Box():
                return self.np_random.uniform(space.low, space.high).astype(space.dtype)
            case MultiBinary():
                return self.np_random.integers(0, 2, space.shape).astype(np.int8)
        return self.np_random.integers(2)


class Nearest(gym.Env[Any, Any]):
    """Say in which quadrant the nearest friend is: entities are drawn anew in every step, in any order, friends and foes, few or many.

    Each entity is (x, y, 1 for a friend or −1 for a foe), and one friend exists at least. An episode of 16 steps returns the part of right
    answers: 0.25 by chance, 1 at best.
    """

    length = 16
    optimum = 1.0

    def __init__(self, most: int = 10) -> None:
        self.most = most
        self.observation_space = Dict(entities=Box(-1, 1, (most, 3), np.float32), mask=MultiBinary(most))
        self.action_space = Discrete(4)
        self.count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self.count = 0
        return self._draw(), {}

    def step(self, action: int) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        """Reward 1/16 for the right quadrant."""
        reward = float(action == self.answer) / self.length
        self.count += 1
        return self._draw(), reward, self.count == self.length, False, {}

    def _draw(self) -> dict[str, NDArray[Any]]:
        rng = self.np_random
        entities = rng.uniform(-1, 1, (self.most, 3)).astype(np.float32)
        entities[:, 2] = np.where(entities[:, 2] > 0, 1, -1)
        exist = np.arange(self.most) < rng.integers(1, self.most + 1)
        rng.shuffle(exist)
        first = int(np.flatnonzero(exist)[0])
        entities[first, 2] = 1
        entities[~exist] = 0
        distances = np.where(exist & (entities[:, 2] > 0), np.hypot(entities[:, 0], entities[:, 1]), np.inf)
        x, y, _ = entities[int(distances.argmin())]
        self.answer = 2 * int(x > 0) + int(y > 0)
        return {"entities": entities, "mask": exist.astype(np.int8)}
