"""MuJoCo tasks of gymnasium: EnvFactoryMujoco, and "mujoco/TASK" by name."""

from __future__ import annotations

from rlchassis_mujoco.factory import TASKS, EnvFactoryMujoco

__all__ = ["TASKS", "EnvFactoryMujoco"]
