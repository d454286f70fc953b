"""Logger interface, default logger, logger groups, and the reader of metrics.jsonl."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from attrs import define, field, frozen

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.limits import MOST_LINE_BYTES, MOST_METRICS_BYTES, MOST_ROWS, MOST_TAGS
from rlchassis.errors import PluginError, StoredFileError
from rlchassis.registry import Component
from rlchassis.storage.files import METRICS_FILENAME
from rlchassis.storage.reading import is_there, open_stored

log = logging.getLogger(__name__)
LARGEST = float(np.finfo(np.float32).max)


class Logger(ABC):
    """Base class of loggers, which record the scalar metrics of a run."""

    problem: str | None = None
    """Description of lost metrics if their loss makes the run fail; None otherwise."""

    @abstractmethod
    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics by tag at an environment step; steps never decrease."""

    @abstractmethod
    def close(self) -> None:
        """Flush and close; may be called twice."""

    def state_dict(self) -> dict[str, Any]:
        """How far it has written, as plain data, for a checkpoint; default: nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027  loggers that cannot go back need not
        """Called when a run is resumed, with what state_dict returned: remove what was written after it. Default: nothing."""


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


@define(eq=False)
class LoggerGroup(Logger):
    """Passes every metric to each of its loggers, in float32; a logger that raises is dropped with a warning."""

    loggers: list[Logger]
    look: Callable[[dict[str, float], int], None] | None = None
    """Called with every row before it is recorded, except rows logged by itself."""
    _looking: bool = field(default=False, init=False)

    @property
    def problems(self) -> list[str]:
        """Problems of its loggers that make the run fail."""
        return [logger.problem for logger in self.loggers if logger.problem is not None]

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record with all loggers."""
        self._show(metrics, step)
        single = {tag: _single(value) for tag, value in metrics.items()}
        for logger in list(self.loggers):
            try:
                logger.log(single, step)
            except Exception:
                log.warning("%s failed and is no longer used; the run continues.", type(logger).__name__, exc_info=True)
                self.loggers.remove(logger)
                with suppress(Exception):
                    logger.close()

    def _show(self, metrics: Mapping[str, float], step: int) -> None:
        if self.look is None or self._looking:
            return
        self._looking = True
        try:
            self.look(dict(metrics), step)
        finally:
            self._looking = False

    def state_dict(self) -> dict[str, Any]:
        """State of each logger, by position and class."""
        return {f"{index} {type(logger).__name__}": logger.state_dict() for index, logger in enumerate(self.loggers)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore each logger that was there."""
        for index, logger in enumerate(self.loggers):
            logger.load_state_dict(state.get(f"{index} {type(logger).__name__}", {}))

    def close(self) -> None:
        """Close all loggers, even if one fails."""
        for logger in self.loggers:
            try:
                logger.close()
            except Exception:
                log.warning("%s could not be closed; metrics that it had not written are lost.", type(logger).__name__, exc_info=True)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def read_metrics(directory: Path) -> list[dict[str, float]]:
    """Read the rows of a run's metrics.jsonl; a truncated last line is skipped. StoredFileError if another line is damaged."""
    path = directory / METRICS_FILENAME
    if not is_there(path):
        raise StoredFileError(f"{directory} contains no {METRICS_FILENAME}; pass a run directory.")
    rows, tags = list[dict[str, float]](), dict[str, str]()
    with open_stored(path, MOST_METRICS_BYTES) as file:
        for line in iter(partial(file.readline, MOST_LINE_BYTES), b""):
            if line.endswith(b"\n") or len(line) == MOST_LINE_BYTES:
                rows.append(_row(line, tags, f"{path}, line {len(rows) + 1},"))
            if len(rows) > MOST_ROWS or len(tags) > MOST_TAGS:
                raise StoredFileError(f"{path} has more than {MOST_ROWS} lines or {MOST_TAGS} tags; remove some to read it.")
    return rows


def _row(line: bytes, tags: dict[str, str], source: str) -> dict[str, float]:
    """Decode a line; equal tags of all rows share one string, which bounds the memory of long runs."""
    try:
        row = {tags.setdefault(tag, tag): value for tag, value in json.loads(line.decode("utf-8")).items()}
        fits = row["step"] is not None and all(value is None or _finite(value) for value in row.values())
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise StoredFileError(f"{source} is damaged ({type(error).__name__}); restore it from a copy.") from error
    if not fits:
        raise StoredFileError(
            f"{source} contains something other than nulls and finite numbers up to ±{LARGEST:.1e}; restore it from a copy."
        )
    return row


def _finite(value: Any) -> bool:
    """Whether it is a number within the range of float32."""
    return type(value) in (int, float) and abs(value) <= LARGEST


def series(rows: Sequence[Mapping[str, float]], tag: str) -> tuple[list[float], list[float]]:
    """Steps and values of a tag, without nulls."""
    pairs = [(row["step"], row[tag]) for row in rows if row.get(tag) is not None]
    return [step for step, _ in pairs], [value for _, value in pairs]
