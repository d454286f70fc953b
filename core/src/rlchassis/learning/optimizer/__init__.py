"""Optimizers of algorithms, and the factories of torch optimizers and learning-rate schedules."""

from __future__ import annotations

from rlchassis.learning.optimizer.divergence import REMEDY
from rlchassis.learning.optimizer.factory import OptimizerFactory, OptimizerStep
from rlchassis.learning.optimizer.graph import GraphOptimizer
from rlchassis.learning.optimizer.optimizer import Optimizer
from rlchassis.learning.optimizer.schedule import LRSchedulerFactory, LRSchedulerFactoryLinear, schedule_of
from rlchassis.learning.optimizer.without_dynamo import without_dynamo

__all__ = [
    "REMEDY",
    "GraphOptimizer",
    "LRSchedulerFactory",
    "LRSchedulerFactoryLinear",
    "Optimizer",
    "OptimizerFactory",
    "OptimizerStep",
    "schedule_of",
    "without_dynamo",
]
