"""Base class of logger factories with the options that every logger of ours has."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from rlchassis.api import Logger, LoggerFactory, UsageError, choice, switch
from rlchassis_toolkit.loggers.dialects import NATIVE, RenamingLogger, names_in, table

log = logging.getLogger("rlchassis.loggers")  # below the one whose messages log.txt and the command line show


class NoLogger(Logger):
    """Logger that records nothing."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@frozen(kw_only=True)
class StandardLoggerFactory(LoggerFactory):
    """Base class of logger factories with common options; subclasses implement open_logger."""

    tag_dialect: str = choice(NATIVE, (NATIVE, *table()))
    """Names of metrics: "native", or those of "sb3" (Stable-Baselines3), "cleanrl" or "tianshou"."""
    required: bool = switch(True)
    """Whether to refuse the run where the logger cannot be made; False: the run goes on without it, after a warning."""

    @abstractmethod
    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create the logger, with the arguments of create_logger; UsageError if it cannot be made."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Open the logger, under the names of the dialect."""
        try:
            logger = self.open_logger(log_dir, experiment_name, run_id, config_dict)
        except Exception as error:
            said = str(error) if isinstance(error, UsageError) else f"{type(self).__name__} raised {type(error).__name__}: {error}"
            if self.required:
                raise UsageError(said) from error
            log.warning("A logger is left out, metrics go to metrics.jsonl: %s", said)
            return NoLogger()
        algorithm = str(config_dict.get("agent_factory", {}).get("part", ""))
        return logger if self.tag_dialect == NATIVE else RenamingLogger(logger, names_in(self.tag_dialect, algorithm))
