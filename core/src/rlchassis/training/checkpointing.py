"""When checkpoints are written during training. What they hold is in run_state.py."""

from __future__ import annotations

import math
import time
from typing import Any, Protocol

from attrs import define, field


class Writer(Protocol):
    """Writes checkpoints."""

    problem: str | None
    """Why the latest checkpoint could not be written, if that makes the run fail; None if it was."""

    def __call__(self, loop: Any) -> None:
        """Write a checkpoint of a run, at a moment when it is not within an update."""


@define(eq=False)
class NoCheckpoints:
    """Writes nothing."""

    problem: str | None = None

    def __call__(self, loop: Any) -> None:
        """See Writer."""


@define(eq=False)
class Checkpointing:
    """Writes a checkpoint whenever one is due."""

    writer: Writer = field(factory=NoCheckpoints)
    steps: float = math.inf
    """Environment steps between two checkpoints."""
    seconds: float = math.inf
    """Seconds between two checkpoints."""
    _next_step: float = field(default=math.inf, init=False)
    _next_time: float = field(default=math.inf, init=False)

    def begin(self, env_step: int) -> None:
        """Training begins or goes on at this step: the next checkpoint is due steps or seconds later."""
        self._next_step, self._next_time = env_step + self.steps, time.monotonic() + self.seconds

    def write_if_due(self, loop: Any) -> None:
        """Write one if enough steps were done, or enough time has passed, since the last."""
        if loop.state.env_step >= self._next_step or time.monotonic() >= self._next_time:
            self.writer(loop)
            self.begin(loop.state.env_step)
