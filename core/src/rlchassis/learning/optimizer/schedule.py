"""Learning-rate schedules as functions of progress, and their factories."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from attrs import frozen

from rlchassis.config import SamplingConfig
from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import instance, number
from rlchassis.errors import PluginError, UsageError

Schedule = Callable[[float], float]
"""Progress (env_step / total_steps, 0 to 1) → factor on the learning rate."""


class LRSchedulerFactory(ConfigPart, ABC):
    """Factory of a learning-rate schedule."""

    kind: ClassVar[str] = "lr_scheduler"

    @abstractmethod
    def create_schedule(self, total_steps: int) -> Schedule:
        """Create the schedule: factor on the learning rate as a function of the progress through total_steps environment steps."""


def schedule_of(factory: LRSchedulerFactory, total_steps: int) -> Schedule:
    """The factory's schedule; UsageError without a planned length, PluginError for a factor that is negative or not finite."""
    if total_steps < 1:
        raise UsageError(f"a schedule needs the planned length of the run, got {total_steps} steps; plan steps, or leave the schedule out.")
    schedule = factory.create_schedule(total_steps)
    for progress in (0.0, 0.5, 1.0):
        factor: Any = schedule(progress)
        if not (isinstance(factor, int | float) and 0 <= factor < math.inf):
            raise PluginError(
                f"the schedule of {type(factory).__name__} returned {factor!r} at progress {progress:g}, expected a finite factor of at "
                "least 0; correct its create_schedule."
            )
    return schedule


@frozen
class LRSchedulerFactoryLinear(LRSchedulerFactory):
    """Linear decay of the learning rate."""

    sampling_config: SamplingConfig | None = instance(SamplingConfig)
    """Run whose length the decay spans; None: the run that it is used in."""
    final_fraction: float = number(0.0, at_least=0, at_most=1)
    """Final learning rate as a fraction of the initial one; 0: decay to 0, 1: constant."""

    def create_schedule(self, total_steps: int) -> Schedule:
        """Factor 1 − (1 − final_fraction) · min(1, progress)."""
        span = 1.0 if self.sampling_config is None else self.sampling_config.total_steps / total_steps
        return lambda progress: 1 - (1 - self.final_fraction) * min(1.0, progress / span)
