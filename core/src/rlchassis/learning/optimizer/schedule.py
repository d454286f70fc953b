"""Learning-rate schedules: functions of progress, and their frozen descriptions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from attrs import frozen

from rlchassis.config import SamplingConfig
from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import instance, number

Schedule = Callable[[float], float]
"""From progress (environment steps done / planned, 0 to 1) to a factor on the learning rate."""


class LRSchedulerFactory(ConfigPart, ABC):
    """Describes how the learning rate changes during a run."""

    kind: ClassVar[str] = "lr_scheduler"

    @abstractmethod
    def create_schedule(self, total_steps: int) -> Schedule:
        """The factor on the learning rate as a function of progress through total_steps environment steps."""


@frozen
class LRSchedulerFactoryLinear(LRSchedulerFactory):
    """Linear decay from the full learning rate to a fraction of it."""

    sampling_config: SamplingConfig | None = instance(SamplingConfig)
    """The run whose length the line spans; None: the run it is used in."""
    final_fraction: float = number(0.0, at_least=0, at_most=1)
    """The fraction of the learning rate that is left at the end."""

    def create_schedule(self, total_steps: int) -> Schedule:
        """1 − (1 − final) · progress, held at its end."""
        span = 1.0 if self.sampling_config is None else self.sampling_config.total_steps / total_steps
        return lambda progress: 1 - (1 - self.final_fraction) * min(1.0, progress / span)
