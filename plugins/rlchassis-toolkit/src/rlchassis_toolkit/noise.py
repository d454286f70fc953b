"""Exploration noise for policies that choose one action, in the chassis' action range [−1, 1]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from attrs import define, field, frozen
from torch import Generator, Tensor

from rlchassis.api import ConfigPart, UsageError, number


class Noise(Protocol):
    """Disturbs actions; memory, where it has any, is handed in and out as the policy's state."""

    def __call__(self, actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
        """Disturbed actions [N, D], and the state for the next call (None before the first step of an episode)."""


@frozen(kw_only=True)
class NoiseFactory(ConfigPart, ABC):
    """Describes exploration noise, which may fade in a straight line while the run goes on."""

    final_fraction: float = number(1.0, at_least=0, at_most=1)
    """Final noise scale of the linear decay over the run, as a fraction of the initial one: 1 is constant."""

    @abstractmethod
    def create_noise(self) -> Noise:
        """The noise itself, as it is at first."""

    def fraction_at(self, progress: float) -> float:
        """How much of the noise is left:  1 − (1 − final) · progress."""
        return 1 - (1 - self.final_fraction) * min(1.0, progress)


@define(eq=False)
class ExplorationNoise:
    """The noise of a policy, of which less may be left the further the run is."""

    factory: NoiseFactory | None
    """None: actions stay as they are."""
    fraction: float = 1.0
    """How much of it is left."""
    _noise: Noise | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the noise."""
        self._noise = None if self.factory is None else self.factory.create_noise()

    def __getstate__(self) -> dict[str, Any]:
        """Noise may be any callable, and one that cannot be pickled is made again."""
        return {"factory": self.factory, "fraction": self.fraction}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.factory, self.fraction = state["factory"], state["fraction"]
        self.__attrs_post_init__()

    def set_progress(self, progress: float) -> None:
        """How far the run is."""
        if self.factory is not None:
            self.fraction = self.factory.fraction_at(progress)

    def __call__(self, actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
        """Disturbed actions, brought back into [−1, 1], and the noise's memory."""
        if self._noise is None:
            return actions, None
        disturbed, state = self._noise(actions, state, rng)
        return actions.lerp(disturbed, self.fraction).clamp(-1, 1), state


def _gaussian(like: Tensor, rng: Generator) -> Tensor:
    return torch.empty_like(like).normal_(generator=rng)


@frozen
class NoiseFactoryMaxActionScaledGaussian(NoiseFactory):
    """Independent Gaussian noise whose σ is a fraction of the largest action, which is 1 in the chassis' range."""

    std_fraction: float = number(0.1, at_least=0)
    """Standard deviation σ as a fraction of the largest action."""

    def create_noise(self) -> Noise:
        """a + σ ε."""
        return lambda actions, state, rng: (actions + self.std_fraction * _gaussian(actions, rng), None)


@frozen
class NoiseFactoryOrnsteinUhlenbeck(NoiseFactory):
    """Noise that wanders, for systems with inertia (Lillicrap et al. 2016, section 7)."""

    theta: float = number(0.15, at_least=0)
    """Mean reversion rate θ."""
    sigma: float = number(0.2, at_least=0)
    """Standard deviation σ of the random increments."""
    dt: float = number(1.0, above=0)
    """Time step Δt."""

    def __attrs_post_init__(self) -> None:
        """UsageError where each step would throw it farther beyond zero than it was."""
        if self.theta * self.dt >= 2:
            raise UsageError(f"theta · dt must be below 2, or the noise grows without end, not {self.theta:g} · {self.dt:g}.")

    def create_noise(self) -> Noise:
        """x ← x − θ x Δt + σ √Δt ε, starting from zero in every episode."""

        def disturb(actions: Tensor, state: Any, rng: Generator) -> tuple[Tensor, Any]:
            before = torch.zeros_like(actions) if state is None else state
            wander = before * (1 - self.theta * self.dt) + self.sigma * self.dt**0.5 * _gaussian(actions, rng)
            return actions + wander, wander

        return disturb
