"""Training state: plain values that the trainer writes, and that callbacks, hooks and results read."""

from __future__ import annotations

import logging

from attrs import define, field

from rlchassis.training.evaluation import Evaluation
from rlchassis.training.hook_manager import caller
from rlchassis.training.info import InfoStats

log = logging.getLogger(__name__)


@define(eq=False)
class TrainingState:
    """Counters, test results and timings of a run."""

    total_steps: int
    """Planned environment steps."""
    env_step: int = field(default=0, init=False)
    episodes: int = field(default=0, init=False)
    updates: int = field(default=0, init=False)
    """Number of updates so far."""
    tests: list[Evaluation] = field(factory=list, init=False)
    best: Evaluation | None = field(default=None, init=False)
    """The best test, whose policy is stored."""
    stopped: str | None = field(default=None, init=False)
    """Reason of early stopping; None if training was not stopped early."""
    seconds: dict[str, float] = field(factory=lambda: dict.fromkeys(("collect", "learn", "test"), 0.0), init=False)
    """Wall-clock seconds by phase."""

    @property
    def progress(self) -> float:
        """env_step / total_steps, 0 to 1."""
        return self.env_step / self.total_steps

    @property
    def test_means(self) -> list[float]:
        """Mean returns of all tests so far."""
        return [test.mean for test in self.tests]

    def request_stop(self, reason: str) -> None:
        """Stop training before the next collection, after a final test; for hooks and callbacks. Only the first reason is recorded."""
        self.stop(f"{caller() or 'the program'} requested it at step {self.env_step}: {reason}")

    def stop(self, why: str) -> None:
        """Stop training for a complete reason; does nothing if training is over."""
        if self.stopped is None and self.env_step < self.total_steps:
            self.stopped = why
            log.info("Stopping early: %s.", why.rstrip("."))

    def info(self) -> InfoStats:
        """Statistics of training so far."""
        final = self.tests[-1] if self.tests else None
        return InfoStats(self.env_step, self.episodes, self.updates, self.best, final, dict(self.seconds), self.stopped)
