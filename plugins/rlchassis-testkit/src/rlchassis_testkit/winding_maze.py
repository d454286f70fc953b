"""A maze with one long way and one reward at its end, for tests of exploration."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from gymnasium.spaces import Discrete

MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""Steps in x and y of the four actions."""


class WindingMaze(gym.Env[Any, Any]):
    """Corridors of `width` cells one above the other, each joined to the next at alternating ends; observation: the number of the cell.

    The only reward is 1, at the end of the last corridor, where the episode terminates; it is truncated after `limit` steps.
    """

    action_space = Discrete(4)

    def __init__(self, width: int = 8, corridors: int = 5, limit: int = 150) -> None:
        self.width, self.corridors, self.limit = width, corridors, limit
        self.observation_space = Discrete(width * corridors)
        self.goal = (width - 1 if corridors % 2 else 0, corridors - 1)
        self.x, self.y, self.count = 0, 0, 0

    def _observation(self) -> int:
        return self.y * self.width + self.x

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """To the beginning of the first corridor."""
        super().reset(seed=seed)
        self.x, self.y, self.count = 0, 0, 0
        return self._observation(), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One cell in a direction, or none where there is a wall."""
        right, up = MOVES[int(action)]
        if up == 0:
            self.x = min(max(self.x + right, 0), self.width - 1)
        elif self._is_door(min(self.y, self.y + up)) and 0 <= self.y + up < self.corridors:
            self.y += up
        self.count += 1
        won = (self.x, self.y) == self.goal
        return self._observation(), float(won), won, not won and self.count >= self.limit, {}

    def _is_door(self, below: int) -> bool:
        """Whether this is the cell from which one gets from a corridor to the one above it, and back."""
        return self.x == (0 if below % 2 else self.width - 1)
