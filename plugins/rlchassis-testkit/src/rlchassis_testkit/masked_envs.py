"""Environments that forbid actions, in each of the ways in which an environment says so."""

from __future__ import annotations

from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space
from numpy.typing import NDArray

Source = Literal["observation", "info", "method", "none"]
"""Where masks are: in a Dict observation, in info, in a method action_masks, or nowhere."""


class Forbidding(gym.Env[Any, Any]):
    """Environment whose mask is redrawn at random in every step; a forbidden action ends the episode with −100.

    Rewards are the actions, 0 … K − 1. Episodes of `length` steps terminate, with a mask that allows nothing, or are truncated if `cut`.
    Observations are random and say nothing of the mask. Forbidden actions that were taken are appended to `mistakes`.
    """

    def __init__(
        self,
        source: Source = "observation",
        action_space: Space[Any] | None = None,
        *,
        length: int = 5,
        cut: bool = False,
        mistakes: list[Any] | None = None,
    ) -> None:
        self.action_space: Space[Any] = Discrete(4) if action_space is None else action_space
        self.sizes: list[int] = [int(self.action_space.n)] if isinstance(self.action_space, Discrete) else self.action_space.nvec.tolist()  # type: ignore[attr-defined]  # else it is MultiDiscrete
        self.observation_space: Space[Any] = Box(0.0, 1.0, (3,), np.float32)
        if source == "observation":
            self.observation_space = Dict({"observation": self.observation_space, "action_mask": MultiBinary(sum(self.sizes))})
        if source == "method":
            self.action_masks = lambda: self.mask.astype(bool)
        self.source, self.length, self.cut = source, length, cut
        self.mask: NDArray[np.int8] = np.ones(sum(self.sizes), np.int8)
        self.mistakes: list[Any] = [] if mistakes is None else mistakes
        self.count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Draw the first mask."""
        super().reset(seed=seed)
        self.count = 0
        return self._answer()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Reward the action if it is allowed."""
        start = getattr(self.action_space, "start", 0)
        chosen = np.atleast_1d(np.asarray(action) - start)
        allowed = all(part[choice] for part, choice in zip(self._parts(), chosen, strict=True))
        self.mistakes += [] if allowed else [action]
        self.count += 1
        ends = self.count == self.length
        obs, info = self._answer(last=ends and not self.cut)
        return obs, float(chosen.sum()) if allowed else -100.0, not allowed or (ends and not self.cut), ends and self.cut, info

    def _parts(self) -> list[NDArray[np.int8]]:
        return np.split(self.mask, np.cumsum(self.sizes)[:-1])

    def _answer(self, *, last: bool = False) -> tuple[Any, dict[str, Any]]:
        self.mask = (self.np_random.random(sum(self.sizes)) < 0.4).astype(np.int8)
        for part in self._parts():
            part[self.np_random.integers(len(part))] = 1
        if last:
            self.mask[:] = 0
        seen = self.np_random.random(3).astype(np.float32)
        obs = {"observation": seen, "action_mask": self.mask.copy()} if self.source == "observation" else seen
        return obs, {"action_mask": self.mask.copy()} if self.source == "info" else {}
