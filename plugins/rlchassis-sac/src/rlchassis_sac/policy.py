"""What acts: a squashed Gaussian, which further noise may disturb while it explores."""

from __future__ import annotations

from typing import Any

from torch import Generator, Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit import ExplorationNoise, NoiseFactory, SquashedGaussianPolicy


class SACPolicy(SquashedGaussianPolicy):
    """Disturbed actions are brought back into [−1, 1], so that the critics learn of those that were taken."""

    def __init__(self, actor: nn.Module, *, deterministic_eval: bool = True, noise: NoiseFactory | None = None) -> None:
        super().__init__(actor, deterministic_eval=deterministic_eval)
        self._disturb = ExplorationNoise(noise)

    def set_progress(self, progress: float) -> None:
        """Noise may fade."""
        self._disturb.set_progress(progress)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """As a squashed Gaussian; the state is the noise's memory."""
        actions, _ = super().act(obs, explore=explore, rng=rng)
        return self._disturb(actions, state, rng) if explore else (actions, None)
