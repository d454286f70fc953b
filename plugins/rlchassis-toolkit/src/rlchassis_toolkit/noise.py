"""Exploration noise for deterministic policies, in the action range [−1, 1]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from attrs import define, field, frozen
from torch import Generator, Tensor

from rlchassis.api import ConfigPart, UsageError, number


class Noise(Protocol):
    """Interface of a noise process, whose state is kept as the policy's state."""

    def __call__(self, actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
        """Noisy actions [N, D], and the state for the next call (None before the first step of an episode)."""


@frozen(kw_only=True)
class NoiseFactory(ConfigPart, ABC):
    """Factory of exploration noise, with an optional linear decay over the run."""

    final_fraction: float = number(1.0, at_least=0, at_most=1)
    """Final noise scale of the linear decay over the run, as a fraction of the initial one: 1 is constant."""

    @abstractmethod
    def create_noise(self) -> Noise:
        """Create the noise process at its initial scale."""

    def fraction_at(self, progress: float) -> float:
        """Noise scale as a fraction of the initial one:  1 − (1 − final) · progress."""
        return 1 - (1 - self.final_fraction) * min(1.0, progress)


@define(eq=False)
class ExplorationNoise:
    """Exploration noise of a policy, with its decay."""

    factory: NoiseFactory | None
    """None: no noise."""
    fraction: float = 1.0
    """Current noise scale as a fraction of the initial one."""
    _noise: Noise | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Create the noise process."""
        self._noise = None if self.factory is None else self.factory.create_noise()

    def __getstate__(self) -> dict[str, Any]:
        """State without a noise process that cannot be pickled; it is created again on load."""
        return {"factory": self.factory, "fraction": self.fraction}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.factory, self.fraction = state["factory"], state["fraction"]
        self.__attrs_post_init__()

    def set_progress(self, progress: float) -> None:
        """Set the noise scale from the run's progress."""
        if self.factory is not None:
            self.fraction = self.factory.fraction_at(progress)

    def __call__(self, actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
        """Noisy actions clipped to [−1, 1], and the state of the noise process."""
        if self._noise is None:
            return actions, None
        disturbed, state = self._noise(actions, state, rng)
        return actions.lerp(disturbed, self.fraction).clamp(-1, 1), state


def _gaussian(like: Tensor, rng: Generator) -> Tensor:
    return torch.empty_like(like).normal_(generator=rng)


@frozen
class NoiseFactoryMaxActionScaledGaussian(NoiseFactory):
    """Factory of independent Gaussian noise; σ is a fraction of the largest action, which is 1."""

    std_fraction: float = number(0.1, at_least=0)
    """Standard deviation σ as a fraction of the largest action."""

    def create_noise(self) -> Noise:
        """a + σ ε."""
        return lambda actions, state, rng: (actions + self.std_fraction * _gaussian(actions, rng), None)


@frozen
class NoiseFactoryOrnsteinUhlenbeck(NoiseFactory):
    """Factory of Ornstein-Uhlenbeck noise, correlated over time for systems with inertia (Lillicrap et al. 2016, section 7)."""

    theta: float = number(0.15, at_least=0)
    """Mean reversion rate θ."""
    sigma: float = number(0.2, at_least=0)
    """Standard deviation σ of the random increments."""
    dt: float = number(1.0, above=0)
    """Time step Δt."""

    def __attrs_post_init__(self) -> None:
        """Raise UsageError where θ Δt is 2 or more and the process diverges."""
        if self.theta * self.dt >= 2:
            raise UsageError(f"theta · dt must be below 2, or the noise diverges, got {self.theta:g} · {self.dt:g}.")

    def create_noise(self) -> Noise:
        """x ← x − θ x Δt + σ √Δt ε, starting from zero in every episode."""

        def disturb(actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
            before = torch.zeros_like(actions) if state is None else state
            wander = before * (1 - self.theta * self.dt) + self.sigma * self.dt**0.5 * _gaussian(actions, rng)
            return actions + wander, wander

        return disturb
