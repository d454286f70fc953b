"""The contract of loggers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any


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
