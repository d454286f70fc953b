"""When checkpoints are written during training. What they hold is in run_state.py."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from attrs import define, field


def nothing(loop: Any) -> None:
    """Write no checkpoint."""


@define(eq=False)
class Checkpointing:
    """Writes a checkpoint whenever one is due."""

    write: Callable[[Any], None] = nothing
    """Writes a checkpoint of a run, at a moment when it is not within an update."""
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
            self.write(loop)
            self.begin(loop.state.env_step)
