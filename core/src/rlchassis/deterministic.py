"""The policy that takes one action for each observation, and explores by noise."""

from __future__ import annotations

from typing import Any

from torch import Generator, Tensor, nn

from rlchassis.experience import Observation
from rlchassis.lean import lean_forward
from rlchassis.noise import NoiseFactory
from rlchassis.policies import Policy


class DeterministicPolicy(Policy):
    """Takes the actions that its actor answers; noise disturbs them while it explores, within [−1, 1].

    Disturbed actions are brought back into the range of actions, so that critics learn of those that were taken.
    """

    def __init__(self, actor: nn.Module, *, noise: NoiseFactory | None = None) -> None:
        super().__init__()
        self.actor = actor
        self._noise = None if noise is None else noise.create_noise()

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """The actor's answer; the state is the noise's memory."""
        actions: Tensor = lean_forward(self.actor, obs)
        if self._noise is None or not explore:
            return actions, None
        disturbed, state = self._noise(actions, state, rng)
        return disturbed.clamp(-1, 1), state
