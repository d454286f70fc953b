"""Names of tianshou.exploration."""

from __future__ import annotations

from typing import Any

from rlchassis.api import UsageError
from rlchassis_toolkit import NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck

BaseNoise = NoiseFactory


def GaussianNoise(mu: float = 0.0, sigma: float = 1.0) -> NoiseFactoryMaxActionScaledGaussian:  # noqa: N802  Tianshou's name
    """Gaussian noise of mean 0, added to actions in [−1, 1]."""
    _require_zero("GaussianNoise", "mu", mu)
    return NoiseFactoryMaxActionScaledGaussian(sigma)


def OUNoise(  # noqa: N802  Tianshou's name
    mu: float = 0.0, sigma: float = 0.3, theta: float = 0.15, dt: float = 0.01, x0: Any = None
) -> NoiseFactoryOrnsteinUhlenbeck:
    """Ornstein-Uhlenbeck noise around 0, which begins at 0 in every episode."""
    _require_zero("OUNoise", "mu", mu)
    _require_zero("OUNoise", "x0", x0 or 0.0)
    return NoiseFactoryOrnsteinUhlenbeck(theta=theta, sigma=sigma, dt=dt)


def _require_zero(name: str, argument: str, value: Any) -> None:
    if value != 0:
        raise UsageError(f"{argument} of {name} must be 0, got {value!r}; noise that is not around 0 has no counterpart.")
