"""Environments so small that every number they lead to can be worked out on paper."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space

EPISODE = 100.0
"""How far apart the observations of two episodes of a Counter are."""


class Counter(gym.Env[Any, Any]):
    """Shows 100 · episode + steps and pays the number of the step: 1, 2, 3, …

    After `length` steps the episode ends or, if `cut`, is truncated. Episodes count from 1, so every observation tells where it is from,
    and a true transition leads from x to x + 1. With `as_dict` the steps stand beside it, as a discrete value.
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
        """Count, whatever the action."""
        self.count += 1
        ends = self.count == self.length
        return self._observation(), float(self.count), ends and not self.cut, ends and self.cut, {}


class Chain(gym.Env[Any, Any]):
    """Three states in a row, shown as one-hot vectors, that pay 1, 2 and 4; then the episode ends or, if `cut`, is cut.

    Whatever is done, so v = (1 + γ 2 + γ² 4, 2 + γ 4, 4) where it ends.
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
        """To the next state, whatever the action."""
        reward = float(2**self.state)
        self.state += 1
        ends = self.state == 3
        return self._observation(), reward, ends and not self.cut, ends and self.cut, {}


class Still(gym.Env[Any, Any]):
    """One state that pays 1 per step, where episodes of `length` steps end or are cut: v = 1 / (1 − γ) if all are cut."""

    observation_space = Box(0.0, 1.0, (1,), np.float32)
    action_space = Discrete(2)

    def __init__(self, length: int = 1, *, cut: bool = False) -> None:
        self.length, self.cut, self.count = length, cut, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """To where it always is."""
        super().reset(seed=seed)
        self.count = 0
        return np.ones(1, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Stay."""
        self.count += 1
        ends = self.count == self.length
        return np.ones(1, np.float32), 1.0, ends and not self.cut, ends and self.cut, {}


class Receiver(gym.Env[Any, Any]):
    """Keeps in `received` every action that reaches it, in the bounds it was made with; its episodes last ten steps."""

    observation_space = Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, low: Any, high: Any) -> None:
        self.action_space: Space[Any] = Box(np.array(low, np.float32), np.array(high, np.float32))
        self.received: list[Any] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Forget nothing."""
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Keep the action and pay its sum."""
        self.received.append(np.array(action))
        return np.zeros(1, np.float32), float(np.sum(action)), False, len(self.received) % 10 == 0, {}


def in_parts(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """The same environment, its observations a dict of a vector and a kind that is always 1."""
    space = Dict({"shown": env.observation_space, "kind": Discrete(2)})
    return gym.wrappers.TransformObservation(env, lambda obs: {"shown": obs, "kind": 1}, space)
