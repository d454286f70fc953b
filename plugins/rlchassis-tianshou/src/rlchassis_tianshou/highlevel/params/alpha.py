"""Names of tianshou.highlevel.params.alpha."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from gymnasium import spaces

from rlchassis_tianshou.translation.notes import note
from rlchassis_tianshou.translation.values import OfActionSpace
from rlchassis_toolkit import AutoAlphaFactory as NativeAutoAlphaFactory
from rlchassis_toolkit import AutoAlphaFactoryDefault as NativeDefault

AutoAlphaFactory = NativeAutoAlphaFactory


@frozen
class AutoAlphaFactoryDefault(OfActionSpace):
    """Learned temperature; the target entropy is a coefficient times D, or times log K for K discrete actions."""

    lr: float = 3e-4
    target_entropy_coefficient: float = -1.0

    def in_space(self, space: spaces.Space[Any]) -> NativeDefault:
        """The factory with that target; a discrete policy cannot have a negative entropy, and gets the default target instead."""
        coefficient = self.target_entropy_coefficient
        if not isinstance(space, spaces.Discrete):
            return NativeDefault(lr=self.lr, target_entropy=coefficient * int(spaces.flatdim(space)))
        if coefficient > 0:
            return NativeDefault(lr=self.lr, discrete_fraction=min(1.0, coefficient))
        note(
            "AutoAlphaFactoryDefault.target_entropy_coefficient",
            f"{coefficient:g} asks for an entropy that no discrete policy has; the target is 0.98 · log K instead.",
        )
        return NativeDefault(lr=self.lr)
