"""Training state: plain values that the trainer writes, and that callbacks, hooks and results read."""

from __future__ import annotations

import logging
from typing import Any

from attrs import Factory, define, field

from rlchassis.collecting.evaluation import Evaluation
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

    schedule: tuple[int, int] = field(default=Factory(lambda self: (0, self.total_steps), takes_self=True), init=False)
    """Environment steps at which schedules begin and end."""

    @property
    def progress(self) -> float:
        """How far schedules are, 0 to 1; env_step / total_steps unless a finished run is trained on."""
        begin, end = self.schedule
        return min(1.0, (self.env_step - begin) / (end - begin))

    def state_dict(self) -> dict[str, Any]:
        """Plain data for a checkpoint."""
        plain = {name: getattr(self, name) for name in ("env_step", "episodes", "updates", "stopped", "seconds", "schedule", "total_steps")}
        best = None if self.best is None else self.best.as_data()
        return {**plain, "tests": [test.as_data() for test in self.tests], "best": best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what state_dict returned; total_steps stays as it is configured."""
        begin, end = self.schedule = tuple(state["schedule"])
        if not all(
            type(count) is int and count >= 0 for count in (state["env_step"], state["episodes"], state["updates"], begin, end - begin - 1)
        ):
            raise ValueError("its counters are no numbers of steps, episodes and updates")
        for name in ("env_step", "episodes", "updates", "stopped", "seconds"):
            setattr(self, name, state[name])
        self.tests = [Evaluation.from_data(test) for test in state["tests"]]
        self.best = None if state["best"] is None else Evaluation.from_data(state["best"])

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
