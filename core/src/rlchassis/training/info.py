"""Result of training."""

from __future__ import annotations

from attrs import field, frozen

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.config.tianshou_names import refuses_old_names


def _rounded(seconds: dict[str, float]) -> str:
    return f"{{{', '.join(f'{phase!r}: {spent:.2f}' for phase, spent in seconds.items())}}}"


@refuses_old_names
@frozen
class InfoStats:
    """Statistics of a training run."""

    env_steps: int
    """Environment steps taken."""
    episodes: int
    """Training episodes that ended."""
    updates: int
    """Number of updates."""
    best: Evaluation | None
    """The best test, whose policy is stored; None without tests."""
    final: Evaluation | None
    """The last test."""
    seconds: dict[str, float] = field(repr=_rounded)
    """Wall-clock seconds by phase: collect, learn, test."""
    stopped: str | None = None
    """Reason of early stopping; None if all steps were taken, or the run was interrupted."""
    interrupted: bool = False
    """Whether Ctrl-C ended training early."""

    @property
    def steps_per_second(self) -> float:
        """Environment steps per second of collection and updates."""
        return self.env_steps / max(self.seconds["collect"] + self.seconds["learn"], 1e-9)

    def summary(self, total_steps: int) -> str:
        """One-line summary for log messages."""
        tested = f", test return {self.final.mean:.2f} ± {self.final.std:.2f}" if self.final else ""
        return f"{self.env_steps} of {total_steps} steps{tested}, {self.steps_per_second:.0f} steps/s"

    @property
    def best_score(self) -> float | None:
        """Mean return of the best test."""
        return self.best.mean if self.best else None

    @property
    def best_score_std(self) -> float | None:
        """Standard deviation of the returns in the best test."""
        return self.best.std if self.best else None

    @property
    def final_score(self) -> float | None:
        """Mean return of the last test."""
        return self.final.mean if self.final else None
