"""CartPole with an action mask, registered as MaskedCartPole-v0: near the end of the track the cart is not pushed on."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv
from numpy.typing import NDArray

NEAR = 1.0
"""Distance from the centre from which it is only pushed back."""


class MaskedCartPole(CartPoleEnv):
    """CartPole whose mask is a method, as sb3-contrib has it."""

    def action_masks(self) -> NDArray[np.bool_]:
        """Whether it may be pushed to the left, and to the right."""
        state: Any = self.state
        return np.array([state[0] > -NEAR, state[0] < NEAR])


gym.register("MaskedCartPole-v0", MaskedCartPole, max_episode_steps=500)
