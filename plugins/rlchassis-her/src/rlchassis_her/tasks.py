"""Two goal environments to try hindsight replay on: bits to be flipped, and a point to be moved."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary
from numpy.typing import NDArray

Answer = tuple[dict[str, Any], dict[str, Any]]


class BitFlip(gym.Env[Any, Any]):
    """n bits, of which each action flips one; reward 0 for the desired pattern, which terminates the episode, else −1; n steps at most."""

    def __init__(self, bits: int = 12) -> None:
        self.bits = bits
        pattern = MultiBinary(bits)
        self.observation_space = Dict({"observation": pattern, "achieved_goal": pattern, "desired_goal": pattern})
        self.action_space = Discrete(bits)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Answer:
        """Two random patterns."""
        super().reset(seed=seed)
        self.state, self.goal = self.np_random.integers(0, 2, (2, self.bits), np.int8)
        self.steps = 0
        return self._observation(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Flip a bit."""
        self.state[action] ^= 1
        self.steps += 1
        solved = bool(self.compute_terminated(self.state, self.goal, {}))
        truncated = not solved and self.steps == self.bits
        return self._observation(), solved - 1.0, solved, truncated, {"is_success": solved}

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: Any) -> NDArray[Any]:
        """0 where all bits are as desired, else −1."""
        return self.compute_terminated(achieved_goal, desired_goal, info) - 1.0

    def compute_terminated(self, achieved_goal: Any, desired_goal: Any, info: Any) -> NDArray[Any]:
        """Whether all bits are as desired."""
        return np.asarray((achieved_goal == desired_goal).all(-1))

    def _observation(self) -> dict[str, Any]:
        return {"observation": self.state.copy(), "achieved_goal": self.state.copy(), "desired_goal": self.goal.copy()}


class PointReach(gym.Env[Any, Any]):
    """A point with inertia, pushed from the centre of a plane to a goal 0.5 to 1 away: reward 0 within 0.05 of it, else −1; 50 steps."""

    RADIUS, LENGTH, DRAG, PUSH = 0.05, 50, 0.8, 0.02

    def __init__(self) -> None:
        place = Box(-2, 2, (2,), np.float64)
        self.observation_space = Dict({"observation": Box(-2, 2, (4,), np.float64), "achieved_goal": place, "desired_goal": place})
        self.action_space = Box(-1, 1, (2,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Answer:
        """To rest in the centre, with a random goal."""
        super().reset(seed=seed)
        distance, angle = self.np_random.uniform(0.5, 1), self.np_random.uniform(0, 2 * np.pi)
        self.goal = distance * np.array([np.cos(angle), np.sin(angle)])
        self.place, self.speed, self.steps = np.zeros(2), np.zeros(2), 0
        return self._observation(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Push the point."""
        self.speed = self.DRAG * self.speed + self.PUSH * np.clip(action, -1, 1)
        self.place = np.clip(self.place + self.speed, -2, 2)
        self.steps += 1
        reward = float(self.compute_reward(self.place, self.goal, {}))
        return self._observation(), reward, False, self.steps == self.LENGTH, {"is_success": reward == 0}

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: Any) -> NDArray[Any]:
        """0 near the goal, else −1."""
        return np.asarray((np.linalg.norm(achieved_goal - desired_goal, axis=-1) < self.RADIUS) - 1.0)

    def _observation(self) -> dict[str, Any]:
        return {
            "observation": np.concatenate([self.place, 10 * self.speed]),
            "achieved_goal": self.place.copy(),
            "desired_goal": self.goal.copy(),
        }
