"""Squashed Gaussian policy with optional exploration noise."""

from __future__ import annotations

from typing import Any

from torch import Generator, Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit import ExplorationNoise, NoiseFactory, SquashedGaussianPolicy


class SACPolicy(SquashedGaussianPolicy):
    """Squashed Gaussian policy whose actions, with exploration noise added, are clipped to [−1, 1] before they are stored."""

    def __init__(self, actor: nn.Module, *, deterministic_eval: bool = True, noise: NoiseFactory | None = None) -> None:
        super().__init__(actor, deterministic_eval=deterministic_eval)
        self._noise = ExplorationNoise(noise)

    def set_progress(self, progress: float) -> None:
        """Set the noise scale from the run's progress."""
        self._noise.set_progress(progress)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Sample actions [N, D], with noise added while exploring; the state is that of the noise process."""
        actions, _ = super().act(obs, explore=explore, rng=rng)
        return self._noise(actions, state, rng) if explore else (actions, None)
