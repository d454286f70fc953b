"""Observation normalisation for rlchassis: a layer around a policy that lets it see observations of mean 0 and spread 1."""

from __future__ import annotations

from rlchassis_obs_norm.wrapper import ObsNorm, PolicyWrapperFactoryObsNorm

__all__ = ["ObsNorm", "PolicyWrapperFactoryObsNorm"]
