"""An environment with any given spaces, whose actions are checked against their space."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
from gymnasium.spaces import Space


class AnySpaces(gym.Env[Any, Any]):
    """Environment of given spaces: random observations, rewards in [0, 1), episodes of `length` steps that terminate and are cut in turn.

    `step` raises ValueError for an action that is not in the space; `received` keeps all others.
    """

    def __init__(self, observation_space: Space[Any], action_space: Space[Any], length: int = 4) -> None:
        self.observation_space, self.action_space = copy.deepcopy(observation_space), action_space
        self.length, self.count, self.episode = length, 0, 0
        self.received: list[Any] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; the seed is that of observations and rewards."""
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.count, self.episode = 0, self.episode + 1
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Check the action; it has no effect."""
        if not self.action_space.contains(action):
            raise ValueError(f"{action!r} is not in {self.action_space}")
        self.received.append(action)
        self.count += 1
        ends, is_cut = self.count == self.length, self.episode % 2 == 0
        return self.observation_space.sample(), float(self.np_random.random()), ends and not is_cut, ends and is_cut, {}
