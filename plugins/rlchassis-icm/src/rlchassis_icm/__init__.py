"""Intrinsic curiosity for rlchassis: a policy wrapper that adds a reward for states that a learned model does not foresee."""

from __future__ import annotations

from rlchassis_icm.wrapper import ICM, PolicyWrapperFactoryIntrinsicCuriosity

__all__ = ["ICM", "PolicyWrapperFactoryIntrinsicCuriosity"]
