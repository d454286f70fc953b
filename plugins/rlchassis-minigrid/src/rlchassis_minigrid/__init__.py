"""MiniGrid and BabyAI: EnvFactoryMiniGrid, and "minigrid/TASK" by name."""

from __future__ import annotations

from rlchassis_minigrid.factory import EnvFactoryMiniGrid

__all__ = ["EnvFactoryMiniGrid"]
