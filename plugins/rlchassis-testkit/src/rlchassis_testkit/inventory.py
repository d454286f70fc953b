"""An inventory whose shelf limits what can be ordered, and the value of every way to order, computed exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Space
from numpy.typing import NDArray

SHELF, DAYS, LARGEST_DEMAND = 8, 6, 4
PRICE, COST, DELIVERY, HOLDING, PENALTY = 3.0, 1.0, 2.0, 0.1, 10.0


class Inventory(gym.Env[Any, Any]):
    """Each day an order of 0 … 8 units is delivered at once, then 0 … 4 units are asked for, uniformly; after six days it is over.

    A unit costs 1 and is sold for 3, a delivery costs 2, each unit that is left 0.1. What does not fit on the shelf of 8 is
    forbidden by the action mask of the observation. Without `masked` it is not ordered, and costs 10.
    """

    def __init__(self, *, masked: bool = True) -> None:
        seen = Box(0.0, 1.0, (2,), np.float32)
        self.action_space = Discrete(SHELF + 1)
        self.observation_space: Space[Any] = Dict({"observation": seen, "action_mask": MultiBinary(SHELF + 1)}) if masked else seen
        self.masked, self.stock, self.day = masked, 0, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin with any stock."""
        super().reset(seed=seed)
        self.stock, self.day = int(self.np_random.integers(SHELF + 1)), 0
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Order, sell, count what is left."""
        assert not self.masked or self.stock + action <= SHELF, f"an order of {action} does not fit beside {self.stock}"
        reward, self.stock = outcome(self.stock, int(action), int(self.np_random.integers(LARGEST_DEMAND + 1)))
        self.day += 1
        return self._observation(), reward, self.day == DAYS, False, {}

    def _observation(self) -> Any:
        seen = observed(self.stock, self.day)
        return {"observation": seen, "action_mask": allowed(self.stock)} if self.masked else seen


def observed(stock: int, day: int) -> NDArray[np.float32]:
    """Stock and day, each as a part of the largest."""
    return np.array([stock / SHELF, day / DAYS], np.float32)


def allowed(stock: int) -> NDArray[np.int8]:
    """Orders that fit on the shelf."""
    return (np.arange(SHELF + 1) <= SHELF - stock).astype(np.int8)


def outcome(stock: int, order: int, demand: int) -> tuple[float, int]:
    """Reward and the next stock; an order that does not fit is none, and costs the penalty."""
    fits = stock + order <= SHELF
    order = order if fits else 0
    sold = min(stock + order, demand)
    left = stock + order - sold
    return PRICE * sold - COST * order - DELIVERY * (order > 0) - HOLDING * left - PENALTY * (not fits), left


def value_of(policy: Callable[[int, int], int] | None) -> float:
    """Expected return over all first stocks of a policy (day, stock) ↦ order, by backward induction; None: of the best allowed one."""
    values = np.zeros(SHELF + 1)
    for day in reversed(range(DAYS)):
        worth = np.array([[_worth(stock, order, values) for order in range(SHELF + 1)] for stock in range(SHELF + 1)])
        if policy is None:
            values = np.where([allowed(stock) == 1 for stock in range(SHELF + 1)], worth, -np.inf).max(1)
        else:
            values = np.array([worth[stock, policy(day, stock)] for stock in range(SHELF + 1)])
    return float(values.mean())


def _worth(stock: int, order: int, following: NDArray[np.float64]) -> float:
    outcomes = [outcome(stock, order, demand) for demand in range(LARGEST_DEMAND + 1)]
    return float(np.mean([reward + following[left] for reward, left in outcomes]))
