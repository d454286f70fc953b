"""Schedules from the first environment step to the last."""

from __future__ import annotations

import math
from collections.abc import Callable

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, number


@frozen
class LRSchedulerFactoryConstant(LRSchedulerFactory):
    """Constant learning rate."""

    fraction: float = number(1.0, above=0)
    """Learning rate as a multiple of the configured one."""

    def create_schedule(self, total_steps: int) -> Callable[[float], float]:
        """Factor `fraction`."""
        return lambda progress: self.fraction


@frozen
class LRSchedulerFactoryCosine(LRSchedulerFactory):
    """Decay of the learning rate along half a cosine (Loshchilov & Hutter 2017), without restarts."""

    final_fraction: float = number(0.0, at_least=0, at_most=1)
    """Final learning rate as a fraction of the initial one."""

    def create_schedule(self, total_steps: int) -> Callable[[float], float]:
        """Factor f + (1 − f) (1 + cos(π · progress)) / 2."""
        return lambda progress: self.final_fraction + (1 - self.final_fraction) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


@frozen
class LRSchedulerFactoryExponential(LRSchedulerFactory):
    """Exponential decay of the learning rate, by the same factor in equal parts of a run."""

    final_fraction: float = number(0.01, above=0, at_most=1)
    """Final learning rate as a fraction of the initial one."""

    def create_schedule(self, total_steps: int) -> Callable[[float], float]:
        """Factor f^progress."""
        return lambda progress: self.final_fraction ** min(1.0, progress)
