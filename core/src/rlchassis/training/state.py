"""How far training is: plain values that the trainer writes, and that callbacks, hooks and results read."""

from __future__ import annotations

import logging

from attrs import define, field

from rlchassis.training.evaluation import Evaluation
from rlchassis.training.hook_manager import caller
from rlchassis.training.info import InfoStats

log = logging.getLogger(__name__)


@define(eq=False)
class TrainingState:
    """Counters, tests and times of one run."""

    total_steps: int
    """Environment steps that are planned."""
    env_step: int = field(default=0, init=False)
    episodes: int = field(default=0, init=False)
    updates: int = field(default=0, init=False)
    """Rounds of learning done."""
    tests: list[Evaluation] = field(factory=list, init=False)
    best: Evaluation | None = field(default=None, init=False)
    """The test whose policy is stored."""
    stopped: str | None = field(default=None, init=False)
    """Who ended training before its steps were spent, and why."""
    seconds: dict[str, float] = field(factory=lambda: dict.fromkeys(("collect", "learn", "test"), 0.0), init=False)
    """Wall-clock seconds by phase."""

    @property
    def progress(self) -> float:
        """Environment steps done / planned."""
        return self.env_step / self.total_steps

    @property
    def test_means(self) -> list[float]:
        """The mean returns of all tests so far."""
        return [test.mean for test in self.tests]

    def request_stop(self, reason: str) -> None:
        """End training before the next collection, after the test that ends an epoch; for hooks and callbacks. The first reason counts."""
        self.stop(f"{caller() or 'the program'} asked for it at step {self.env_step}: {reason}")

    def stop(self, why: str) -> None:
        """The same, for the trainer itself; nothing where training is over."""
        if self.stopped is None and self.env_step < self.total_steps:
            self.stopped = why
            log.info("Stopping early: %s.", why.rstrip("."))

    def info(self) -> InfoStats:
        """How training stands."""
        final = self.tests[-1] if self.tests else None
        return InfoStats(self.env_step, self.episodes, self.updates, self.best, final, dict(self.seconds), self.stopped)
