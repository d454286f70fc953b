"""Names of tianshou.highlevel.logger."""

from __future__ import annotations

from typing import Any, Literal

from rlchassis.api import Component, LoggerFactory, UsageError
from rlchassis_tianshou.translation.notes import note

__all__ = ["LoggerFactory", "LoggerFactoryDefault"]
NAMES = {"tensorboard": "tensorboard", "wandb": "wandb", "pandas": "csv"}
"""Loggers of rlchassis by their logger_type."""


def LoggerFactoryDefault(  # noqa: N802  Tianshou's name
    logger_type: Literal["tensorboard", "wandb", "pandas"] = "tensorboard",
    wand_entity: str | None = None,
    wandb_project: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    save_interval: int = 1,
) -> Component:
    """TensorBoard, Weights & Biases or a CSV file, with Tianshou's names of metrics."""
    if logger_type not in NAMES:
        raise UsageError(f"logger_type must be one of {', '.join(NAMES)}, got {logger_type!r}.")
    if save_interval != 1:
        note("LoggerFactoryDefault.save_interval", "rows are written as often as rlchassis logs them.")
    options: dict[str, Any] = {"tag_dialect": "tianshou"}
    if logger_type == "wandb":
        if job_type is not None:
            note("LoggerFactoryDefault.job_type", "runs have no job type; group and name say what they are.")
        given = {"entity": wand_entity, "project": wandb_project, "group": group}
        options |= {name: value for name, value in given.items() if value is not None}
    return Component("logger", NAMES[logger_type], options)
