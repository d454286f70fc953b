"""Environments of envpool: EnvFactoryEnvPool, and "envpool/TASK" by name."""

from __future__ import annotations

from rlchassis_envpool.factory import EnvFactoryEnvPool

__all__ = ["EnvFactoryEnvPool"]
