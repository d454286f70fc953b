"""Base class of logger factories with the options that every logger of ours has."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import Any

from attrs import frozen

from rlchassis.config.fields import switch
from rlchassis.errors import UsageError, raised
from rlchassis.storage.files import METRICS_FILENAME
from rlchassis.training.loggers import Logger, LoggerFactory, LoggerGroup

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class StandardLoggerFactory(LoggerFactory):
    """Base class of logger factories with common options; subclasses implement open_logger."""

    required: bool = switch(True)
    """Whether to refuse the run where the logger cannot be made; False: the run goes on without it, after a warning."""

    @abstractmethod
    def open_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create the logger, with the arguments of create_logger; UsageError if it cannot be made."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Open the logger, or create one that does nothing."""
        try:
            return self.open_logger(log_dir, experiment_name, run_id, config_dict)
        except Exception as error:
            said = str(error) if isinstance(error, UsageError) else f"{type(self).__name__} {raised(error)}."
            if self.required:
                raise UsageError(said) from error
            log.warning("A logger is left out, metrics go to %s: %s", METRICS_FILENAME, said)
            return LoggerGroup([])
