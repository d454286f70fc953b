"""Where metrics go: the contract of loggers, several as one, the default, and how metrics.jsonl is read."""

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
    """Takes scalars of a run as they arise."""

    problem: str | None = None
    """What could not be recorded, where a run that lost it has failed; None elsewhere."""

    @abstractmethod
    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics, by tag, at an environment step; steps never go back."""

    @abstractmethod
    def close(self) -> None:
        """Write out what is held back; may be called twice."""


class LoggerFactory(ConfigPart, ABC):
    """Describes a logger."""

    kind: ClassVar[str] = "logger"

    @abstractmethod
    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """A logger that writes into log_dir; with a run_id it continues that run where it can. config_dict is the recipe as data."""


@frozen
class LoggerFactoryDefault(LoggerFactory):
    """TensorBoard where it is installed; else a line that says so, and metrics.jsonl alone."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """The logger named "tensorboard", or one that does nothing."""
        try:
            factory = Component("logger", "tensorboard").create()
        except PluginError as error:
            log.warning("No default logger, metrics go to %s alone: %s", METRICS_FILENAME, error)
            return LoggerGroup([])
        return factory.create_logger(log_dir, experiment_name, run_id, config_dict)  # type: ignore[no-any-return]  # what is registered as a logger makes one


def _all_of(factories: Iterable[LoggerFactory | Component]) -> tuple[LoggerFactory | Component, ...]:
    return tuple(factories)


@frozen
class LoggerFactorySeveral(LoggerFactory):
    """Several loggers side by side."""

    factories: tuple[LoggerFactory | Component, ...] = field(converter=_all_of)
    """Each gets every metric."""

    def create_logger(self, log_dir: str, experiment_name: str, run_id: str | None, config_dict: dict[str, Any]) -> Logger:
        """All of them as one."""
        made = (factory.create() if isinstance(factory, Component) else factory for factory in self.factories)
        return LoggerGroup([factory.create_logger(log_dir, experiment_name, run_id, config_dict) for factory in made])


@define(eq=False)
class LoggerGroup(Logger):
    """Hands every metric to each of its loggers, in single precision; one that fails is dropped with a warning."""

    loggers: list[Logger]
    look: Callable[[dict[str, float], int], None] | None = None
    """Is shown every row before it is recorded, but for those that it logs itself."""
    _looking: bool = field(default=False, init=False)

    @property
    def problems(self) -> list[str]:
        """What its loggers could not record, where the run has failed for it."""
        return [logger.problem for logger in self.loggers if logger.problem is not None]

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record with all."""
        self._show(metrics, step)
        single = {tag: _single(value) for tag, value in metrics.items()}
        for logger in list(self.loggers):
            try:
                logger.log(single, step)
            except Exception:
                log.warning("%s failed and is not used any more; the run goes on.", type(logger).__name__, exc_info=True)
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

    def close(self) -> None:
        """Close all, even if one fails."""
        for logger in self.loggers:
            try:
                logger.close()
            except Exception:
                log.warning("%s could not be closed; what it held back is lost.", type(logger).__name__, exc_info=True)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def read_metrics(directory: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.jsonl; a last line cut short by a crash is left out. StoredFileError where any other is damaged."""
    path = directory / METRICS_FILENAME
    if not is_there(path):
        raise StoredFileError(f"{directory} holds no {METRICS_FILENAME}; name the directory of a run.")
    rows, tags = list[dict[str, float]](), dict[str, str]()
    with open_stored(path, MOST_METRICS_BYTES) as file:
        for line in iter(partial(file.readline, MOST_LINE_BYTES), b""):
            if line.endswith(b"\n") or len(line) == MOST_LINE_BYTES:
                rows.append(_row(line, tags, f"{path}, line {len(rows) + 1},"))
            if len(rows) > MOST_ROWS or len(tags) > MOST_TAGS:
                raise StoredFileError(f"{path} holds more than {MOST_ROWS} lines or {MOST_TAGS} tags, and was not read; thin it out.")
    return rows


def _row(line: bytes, tags: dict[str, str], source: str) -> dict[str, float]:
    """The row in a line; equal tags of all rows are made one text, without which long runs would fill the memory."""
    try:
        row = {tags.setdefault(tag, tag): value for tag, value in json.loads(line.decode("utf-8")).items()}
        fits = row["step"] is not None and all(value is None or _finite(value) for value in row.values())
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise StoredFileError(f"{source} is damaged ({type(error).__name__}); restore it from a copy.") from error
    if not fits:
        raise StoredFileError(f"{source} holds something other than nulls and finite numbers up to ±{LARGEST:.1e}; restore it from a copy.")
    return row


def _finite(value: Any) -> bool:
    """Whether it is a number that can be drawn, which all of single precision and all steps are."""
    return type(value) in (int, float) and abs(value) <= LARGEST


def series(rows: Sequence[Mapping[str, float]], tag: str) -> tuple[list[float], list[float]]:
    """Steps and values of one tag."""
    pairs = [(row["step"], row[tag]) for row in rows if row.get(tag) is not None]
    return [step for step, _ in pairs], [value for _, value in pairs]
