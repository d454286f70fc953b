"""An environment that fails on demand, for tests of worker processes. Imports no torch."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Space


class Clock(gym.Env[Any, Any]):
    """Observes the step number and an image; at `fatal_step` it calls `fate`; 0 is the constructor, −1 the reset."""

    observation_space: Space[Any] = Dict({"step": Box(0, np.inf, (1,), np.float64), "picture": Box(0, 255, (2, 2), np.uint8)})
    action_space: Space[Any] = Box(np.array([0.0, -1.0], np.float32), np.array([4.0, 1.0], np.float32))

    def __init__(self, fate: Callable[[], None] | None = None, fatal_step: int = 3) -> None:
        self.fate, self.fatal_step = fate, fatal_step
        self._meet(0)

    def _meet(self, step: int) -> None:
        if self.fate is not None and step == self.fatal_step:
            self.fate()

    def _observation(self) -> Any:
        return {"step": np.array([self.steps + self.offset]), "picture": np.full((2, 2), self.steps, np.uint8)}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See gym.Env."""
        super().reset(seed=seed)
        self._meet(-1)
        self.steps, self.offset = 0, self.np_random.random()
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """See gym.Env."""
        self.steps += 1
        self._meet(self.steps)
        return self._observation(), float(action.sum()), False, self.steps == 7, {}


def explode() -> None:
    """Raise."""
    raise RuntimeError("the wheel came off")


def leave() -> None:
    """End the process, quietly."""
    os._exit(3)


def be_killed() -> None:
    """Kill the process by SIGKILL, as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Block forever."""
    time.sleep(1000)
