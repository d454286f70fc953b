"""The contract of loggers, and several as one."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from attrs import define, field

log = logging.getLogger(__name__)


class Logger(ABC):
    """Base class of loggers, which record the scalar metrics of a run."""

    problem: str | None = None
    """Description of lost metrics if their loss makes the run fail; None otherwise."""

    @abstractmethod
    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics by tag at an environment step; steps never decrease."""

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:  # noqa: B027  not every logger shows one
        """Record the distribution of some values, such as the returns of a test. Default: nothing."""

    def log_video(self, tag: str, file: str, step: int) -> None:  # noqa: B027  not every logger shows one
        """Record a video, an MP4 or GIF file. Default: nothing."""

    @abstractmethod
    def close(self) -> None:
        """Flush and close; may be called twice."""

    def state_dict(self) -> dict[str, Any]:
        """How far it has written, as plain data, for a checkpoint; default: nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027  loggers that cannot go back need not
        """Called when a run is resumed, with what state_dict returned: remove what was written after it. Default: nothing."""


def name_of(logger: Logger) -> str:
    """Class of a logger, for messages; of one that passes on to another, as field `logger`, the class of that one."""
    inner = getattr(logger, "logger", None)
    return name_of(inner) if isinstance(inner, Logger) else type(logger).__name__


@define(eq=False)
class LoggerGroup(Logger):
    """Passes every metric to each of its loggers, in float32; a logger that raises is dropped with a warning."""

    loggers: list[Logger]
    look: Callable[[dict[str, float], int], None] | None = None
    """Called with every row before it is recorded, except rows logged by itself."""
    run_id: str | None = None
    """The logger_run_id of the run, with which a resumed run opens its loggers again."""
    _looking: bool = field(default=False, init=False)

    @property
    def problems(self) -> list[str]:
        """Problems of its loggers that make the run fail."""
        return [logger.problem for logger in self.loggers if logger.problem is not None]

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record with all loggers."""
        self._show(metrics, step)
        self._call("log", {tag: _single(value) for tag, value in metrics.items()}, step)

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Record with all loggers that show histograms."""
        self._call("log_histogram", tag, [_single(value) for value in values], step)

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Record with all loggers that show videos."""
        self._call("log_video", tag, file, step)

    def _call(self, method: str, *arguments: Any) -> None:
        for logger in list(self.loggers):
            try:
                getattr(logger, method)(*arguments)
            except Exception:
                log.warning("%s failed and is no longer used; the run continues.", name_of(logger), exc_info=True)
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
        """State of each logger, by class, and run_id."""
        return {"run_id": self.run_id} | {name: logger.state_dict() for name, logger in self._named().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore each logger that was there; one that raises may have rows twice or not at all, and the run goes on."""
        for name, logger in self._named().items():
            try:
                if name in state:
                    logger.load_state_dict(state[name])
            except Exception:
                log.warning("%s cannot go back to the checkpoint; rows may be missing or double.", name_of(logger), exc_info=True)

    def _named(self) -> dict[str, Logger]:
        """Loggers by class and, of one class, by number."""
        names = list(map(name_of, self.loggers))
        return {f"{names[:index].count(name) + 1} {name}": self.loggers[index] for index, name in enumerate(names)}

    def members(self) -> list[Logger]:
        """Loggers of this group and of groups in it."""
        return [each for logger in self.loggers for each in (logger.members() if isinstance(logger, LoggerGroup) else [logger])]

    def close(self) -> None:
        """Close all loggers, even if one fails."""
        for logger in self.loggers:
            try:
                logger.close()
            except Exception:
                log.warning("%s could not be closed; metrics that it had not written are lost.", name_of(logger), exc_info=True)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))
