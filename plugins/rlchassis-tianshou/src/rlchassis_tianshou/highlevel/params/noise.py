"""Names of tianshou.highlevel.params.noise: σ in units of the largest action, for noise that is added to actions in [−1, 1]."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from gymnasium import spaces

from rlchassis_tianshou.translation.values import OfActionSpace, largest_action
from rlchassis_toolkit import NoiseFactory as NativeNoiseFactory
from rlchassis_toolkit import NoiseFactoryMaxActionScaledGaussian as NativeGaussian

NoiseFactory = NativeNoiseFactory


@frozen
class NoiseFactoryMaxActionScaledGaussian(OfActionSpace):
    """Gaussian noise whose σ is a fraction of the largest action of the environment."""

    std_fraction: float

    def in_space(self, space: spaces.Space[Any]) -> NativeGaussian:
        """σ as a number."""
        return NativeGaussian(self.std_fraction * largest_action(space))


MaxActionScaledGaussian = NoiseFactoryMaxActionScaledGaussian
