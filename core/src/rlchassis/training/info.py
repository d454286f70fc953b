"""What came of training, as it is handed to whoever asked for it."""

from __future__ import annotations

from attrs import field, frozen

from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.training.evaluation import Evaluation


def _rounded(seconds: dict[str, float]) -> str:
    return f"{{{', '.join(f'{phase!r}: {spent:.2f}' for phase, spent in seconds.items())}}}"


@refuses_old_names
@frozen
class InfoStats:
    """What came of training."""

    env_steps: int
    """Environment steps done."""
    episodes: int
    """Training episodes that ended."""
    updates: int
    """Rounds of learning."""
    best: Evaluation | None
    """The test whose policy is stored; None where there were no tests."""
    final: Evaluation | None
    """The last test."""
    seconds: dict[str, float] = field(repr=_rounded)
    """Wall-clock seconds by phase: collect, learn, test."""
    stopped: str | None = None
    """Who ended training before its steps were spent, and why; None where nobody did."""

    @property
    def steps_per_second(self) -> float:
        """Environment steps per second of collecting and learning."""
        return self.env_steps / max(self.seconds["collect"] + self.seconds["learn"], 1e-9)

    def summary(self, total_steps: int) -> str:
        """How it stands, in a line for people."""
        tested = f", test return {self.final.mean:.2f} ± {self.final.std:.2f}" if self.final else ""
        return f"{self.env_steps} of {total_steps} steps{tested}, {self.steps_per_second:.0f} steps/s"

    @property
    def best_score(self) -> float | None:
        """The best test's mean return."""
        return self.best.mean if self.best else None

    @property
    def best_score_std(self) -> float | None:
        """The spread of its episodes."""
        return self.best.std if self.best else None

    @property
    def final_score(self) -> float | None:
        """The last test's mean return."""
        return self.final.mean if self.final else None
