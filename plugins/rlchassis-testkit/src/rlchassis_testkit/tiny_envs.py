"""Environments so small that returns and values can be computed by hand."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space

EPISODE = 100.0
"""Difference between the observations of two episodes of a Counter."""


class Counter(gym.Env[Any, Any]):
    """Environment with observation 100 · episode + step and the step number as reward: 1, 2, 3, …

    After `length` steps the episode terminates or, if `cut`, is truncated. Episodes count from 1, so every observation is unique,
    and a true transition leads from x to x + 1. With `as_dict` the step is a second, discrete part.
    """

    def __init__(self, length: int = 3, *, cut: bool = False, as_dict: bool = False) -> None:
        vector = Box(-np.inf, np.inf, (1,), np.float32)
        self.observation_space: Space[Any] = Dict({"shown": vector, "steps": Discrete(length + 1)}) if as_dict else vector
        self.action_space: Space[Any] = Discrete(2)
        self.length, self.cut, self.as_dict = length, cut, as_dict
        self.episode, self.count = 0, 0

    def _observation(self) -> Any:
        shown = np.array([EPISODE * self.episode + self.count], np.float32)
        return {"shown": shown, "steps": self.count} if self.as_dict else shown

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode; the seed changes nothing."""
        super().reset(seed=seed)
        self.episode, self.count = self.episode + 1, 0
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Count; actions have no effect."""
        self.count += 1
        ends = self.count == self.length
        return self._observation(), float(self.count), ends and not self.cut, ends and self.cut, {}


class Chain(gym.Env[Any, Any]):
    """Chain of three states, one-hot observations and rewards 1, 2 and 4; then the episode terminates or, if `cut`, is truncated.

    Actions have no effect: v = (1 + γ 2 + γ² 4, 2 + γ 4, 4) where it terminates.
    """

    observation_space = Box(0.0, 1.0, (4,), np.float32)
    action_space = Discrete(2)

    def __init__(self, *, cut: bool = False) -> None:
        self.cut, self.state = cut, 0

    def _observation(self) -> Any:
        return np.eye(4, dtype=np.float32)[self.state]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """To the first state."""
        super().reset(seed=seed)
        self.state = 0
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """To the next state; actions have no effect."""
        reward = float(2**self.state)
        self.state += 1
        ends = self.state == 3
        return self._observation(), reward, ends and not self.cut, ends and self.cut, {}


class Still(gym.Env[Any, Any]):
    """One state with reward 1 per step; episodes of `length` steps terminate or are truncated: v = 1 / (1 − γ) if all are truncated."""

    observation_space = Box(0.0, 1.0, (1,), np.float32)
    action_space = Discrete(2)

    def __init__(self, length: int = 1, *, cut: bool = False) -> None:
        self.length, self.cut, self.count = length, cut, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """To the only state."""
        super().reset(seed=seed)
        self.count = 0
        return np.ones(1, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Stay."""
        self.count += 1
        ends = self.count == self.length
        return np.ones(1, np.float32), 1.0, ends and not self.cut, ends and self.cut, {}


class Receiver(gym.Env[Any, Any]):
    """Environment that records actions in `received`, with given bounds and episodes of ten steps."""

    observation_space = Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, low: Any, high: Any) -> None:
        self.action_space: Space[Any] = Box(np.array(low, np.float32), np.array(high, np.float32))
        self.received: list[Any] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode; `received` is kept."""
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Record the action; the reward is its sum."""
        self.received.append(np.array(action))
        return np.zeros(1, np.float32), float(np.sum(action)), False, len(self.received) % 10 == 0, {}


def in_parts(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """A wrapped environment with dict observations: a vector and a discrete kind that is always 1."""
    space = Dict({"shown": env.observation_space, "kind": Discrete(2)})
    return gym.wrappers.TransformObservation(env, lambda obs: {"shown": obs, "kind": 1}, space)
