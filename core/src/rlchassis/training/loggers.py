"""Logger factories: their contract, the default one, and one of several."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from attrs import field, frozen

from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import PluginError
from rlchassis.registry import Component
from rlchassis.reporting.loggers import Logger, LoggerGroup
from rlchassis.storage.files import METRICS_FILENAME

log = logging.getLogger(__name__)


class LoggerFactory(ConfigPart, ABC):
    """Factory of a logger."""

    kind: ClassVar[str] = "logger"

    @abstractmethod
    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create a logger that writes into log_dir; run_id: run to continue if supported; config_dict: the configuration as plain data."""


@frozen
class LoggerFactoryDefault(LoggerFactory):
    """TensorBoard if installed; otherwise a warning, and metrics go to metrics.jsonl only."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create the logger named "tensorboard", or one that does nothing if it is not installed."""
        try:
            factory = Component("logger", "tensorboard").create()
        except PluginError as error:
            log.warning("The default logger is not available, metrics go to %s only: %s", METRICS_FILENAME, error)
            return LoggerGroup([])
        return factory.create_logger(log_dir, experiment_name, run_id, config_dict)  # type: ignore[no-any-return]  # what is registered as a logger makes one


def _all_of(factories: Iterable[LoggerFactory | Component]) -> tuple[LoggerFactory | Component, ...]:
    return tuple(factories)


@frozen
class LoggerFactorySeveral(LoggerFactory):
    """Several loggers, each of which gets every metric."""

    factories: tuple[LoggerFactory | Component, ...] = field(converter=_all_of)
    """Factories of the loggers."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """Create all loggers as one group."""
        made = (factory.create() if isinstance(factory, Component) else factory for factory in self.factories)
        return LoggerGroup([factory.create_logger(log_dir, experiment_name, run_id, config_dict) for factory in made])
