"""Squashed Gaussian policy with optional exploration noise."""

from __future__ import annotations

from typing import Any

from torch import Generator, Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit import ExplorationNoise, Memory, NoiseFactory, SquashedGaussianPolicy


class SACPolicy(SquashedGaussianPolicy):
    """Squashed Gaussian policy whose actions, with exploration noise added, are clipped to [−1, 1] before they are stored."""

    def __init__(
        self, actor: nn.Module, *, deterministic_eval: bool = True, noise: NoiseFactory | None = None, memory: Memory | None = None
    ) -> None:
        super().__init__(actor, deterministic_eval=deterministic_eval, memory=memory)
        self._noise = ExplorationNoise(noise)

    def set_progress(self, progress: float) -> None:
        """Set the noise scale from the run's progress."""
        self._noise.set_progress(progress)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Sample actions [N, D], with noise added while exploring.

        The state is that of the noise process; with a memory a dict of its state and, where there is one, that of the noise.
        """
        states: dict[str, Any] = (state or {}) if self.memory is not None else {"noise": state}
        actions, remembered = super().act(obs, states.get("memory"), explore=explore, rng=rng)
        actions, noise = self._noise(actions, states.get("noise"), rng) if explore else (actions, None)
        if self.memory is None:
            return actions, noise
        return actions, {"memory": remembered} if noise is None else {"memory": remembered, "noise": noise}

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        """The memory's state before the step."""
        return super().columns(None if before is None else before["memory"], after["memory"])
