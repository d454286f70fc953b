"""The policy that takes one action for each observation, and explores by noise."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.api import Observation, Policy, require_action
from rlchassis_toolkit.noise import ExplorationNoise, NoiseFactory
from rlchassis_toolkit.numpy_inference import infer


class DeterministicPolicy(Policy):
    """Takes the actions that its actor answers; noise disturbs them while it explores, within [−1, 1].

    Disturbed actions are brought back into the range of actions, so that critics learn of those that were taken.
    """

    def __init__(self, actor: nn.Module, *, noise: NoiseFactory | None = None) -> None:
        super().__init__()
        self.actor = actor
        self._disturb = ExplorationNoise(noise)

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """The actor answers actions."""
        require_action(self.actor(obs), obs, action_space)

    def set_progress(self, progress: float) -> None:
        """Noise may fade."""
        self._disturb.set_progress(progress)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """The actor's answer; the state is the noise's memory."""
        actions: Tensor = infer(self.actor, obs)
        return self._disturb(actions, state, rng) if explore else (actions, None)
