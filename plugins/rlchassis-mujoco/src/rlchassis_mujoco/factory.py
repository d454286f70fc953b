"""Factory of MuJoCo tasks."""

from __future__ import annotations

from typing import Any

from rlchassis.api import EnvFactoryRegistered, UsageError, did_you_mean

TASKS = tuple(
    f"{name}-v5"
    for name in (
        *("Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup", "InvertedDoublePendulum"),
        *("InvertedPendulum", "Pusher", "Reacher", "Swimmer", "Walker2d"),
    )
)
"""The tasks of gymnasium's fifth version."""


class EnvFactoryMujoco(EnvFactoryRegistered):
    """MuJoCo tasks such as "HalfCheetah-v5", or "HalfCheetah"; further arguments go to gymnasium.make."""

    def __init__(self, task: str, **options: Any) -> None:
        super().__init__(_checked(task), **options)


def _checked(task: str) -> str:
    """The id of a task; UsageError for an unknown one."""
    name = task if str(task).endswith("-v5") else f"{task}-v5"
    if name not in TASKS:
        hint = did_you_mean(name, TASKS) or f" There are: {', '.join(TASKS)}."
        raise UsageError(f"there is no MuJoCo task {task!r}.{hint}")
    return name
