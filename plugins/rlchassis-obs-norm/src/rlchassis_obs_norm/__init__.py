"""Observation normalization for rlchassis: a policy wrapper that normalizes observations by their running mean and standard deviation."""

from __future__ import annotations

from rlchassis_obs_norm.wrapper import ObsNorm, PolicyWrapperFactoryObsNorm

__all__ = ["ObsNorm", "PolicyWrapperFactoryObsNorm"]
