"""Deterministic policy with exploration noise."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.api import Observation, Policy, require_action
from rlchassis_toolkit.noise import ExplorationNoise, NoiseFactory
from rlchassis_toolkit.numpy_inference import infer


class DeterministicPolicy(Policy):
    """Deterministic policy a = μ(s), with exploration noise in training, clipped to [−1, 1].

    Clipping comes before storage, so that critics learn from the actions that were taken.
    """

    def __init__(self, actor: nn.Module, *, noise: NoiseFactory | None = None) -> None:
        super().__init__()
        self.actor = actor
        self._noise = ExplorationNoise(noise)

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check that the actor returns actions."""
        require_action(self.actor(obs), obs, action_space)

    def set_progress(self, progress: float) -> None:
        """Set the noise scale from the run's progress."""
        self._noise.set_progress(progress)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N, D], with noise added while exploring; the state is that of the noise process."""
        actions: Tensor = infer(self.actor, obs)
        return self._noise(actions, state, rng) if explore else (actions, None)
