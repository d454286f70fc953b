"""Weights & Biases for rlchassis: metrics, configuration, histograms of returns and videos. wandb is imported when a logger is made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import Attribute, field, frozen

from rlchassis.api import Logger, UsageError, choice, instance
from rlchassis_toolkit import StandardLoggerFactory

MODES = ("online", "offline")


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _are_texts(instance: Any, attribute: Attribute[Any], value: tuple[Any, ...]) -> None:
    if not all(isinstance(text, str) for text in value):
        raise UsageError(f"{attribute.name} must be a tuple of strings, not {value!r}.")


@frozen
class LoggerFactoryWandb(StandardLoggerFactory):
    """Factory of W&B loggers: files in the folder wandb of the run directory, which are uploaded as the run goes on."""

    project: str = instance(str, "rlchassis")
    """Name of the project."""
    entity: str | None = instance(str)
    """User or team; None: the account's default."""
    group: str | None = instance(str)
    """Group of runs, such as the seeds of one experiment."""
    tags: tuple[str, ...] = field(default=(), converter=_texts, validator=_are_texts)
    """Tags of the run."""
    mode: str | None = choice(None, MODES, or_none=True)
    """"online", or "offline" to upload later with `wandb sync`; None: WANDB_MODE of the process, or else online."""

    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Begin a run, or go on with the one of this id or, without an id, of this directory."""
        from rlchassis_wandb.run import begin

        options = {"project": self.project, "entity": self.entity, "group": self.group, "tags": self.tags, "mode": self.mode}
        return begin(Path(log_dir), run_id, name=experiment_name, config=config_dict, **options)
