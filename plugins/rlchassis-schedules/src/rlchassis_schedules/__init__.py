"""Schedules for rlchassis, as functions of the progress of a run: constant, cosine, exponential, and a warm-up before any other."""

from __future__ import annotations

from rlchassis_schedules.decays import LRSchedulerFactoryConstant, LRSchedulerFactoryCosine, LRSchedulerFactoryExponential
from rlchassis_schedules.warmup import LRSchedulerFactoryWarmup

__all__ = ["LRSchedulerFactoryConstant", "LRSchedulerFactoryCosine", "LRSchedulerFactoryExponential", "LRSchedulerFactoryWarmup"]
