"""Linear warm-up before another schedule."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, UsageError, instance, number, whole
from rlchassis_schedules.decays import LRSchedulerFactoryConstant


@frozen
class LRSchedulerFactoryWarmup(LRSchedulerFactory):
    """Linear increase of the learning rate at the beginning (Goyal et al. 2017), then another schedule over the rest of the run."""

    fraction: float = number(0.05, above=0, below=1)
    """Length of the warm-up as a fraction of the run."""
    steps: int | None = whole(None, or_none=True)
    """Length of the warm-up in environment steps; None: that of `fraction`."""
    initial_fraction: float = number(0.1, at_least=0, at_most=1)
    """Initial learning rate as a fraction of that after the warm-up; 0: nothing is learned from what is collected first."""
    then: LRSchedulerFactory = instance(LRSchedulerFactory, factory=LRSchedulerFactoryConstant)
    """Schedule after the warm-up, which spans the rest of the run."""

    def create_schedule(self, total_steps: int) -> Callable[[float], float]:
        """Factor  (i + (1 − i) · progress / w) · then(0)  up to progress w, then  then((progress − w) / (1 − w)).

        UsageError if the warm-up is as long as the run.
        """
        warm_up = self.fraction if self.steps is None else self.steps / total_steps
        if warm_up >= 1:
            raise UsageError(f"the warm-up of {self.steps} steps is as long as the run of {total_steps}; lower steps, or train longer.")
        rest = self.then.create_schedule(max(1, round(total_steps * (1 - warm_up))))

        def factor(progress: float) -> float:
            if progress < warm_up:
                return (self.initial_fraction + (1 - self.initial_fraction) * progress / warm_up) * rest(0.0)
            return rest((progress - warm_up) / (1 - warm_up))

        return factor
