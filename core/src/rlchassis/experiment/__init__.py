"""Public API for running experiments; algorithm builders of other distributions are loaded through the registry on first use."""

from __future__ import annotations

from typing import Any

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.config import ExperimentConfig, Mode, SamplingConfig
from rlchassis.envs import EnvFactory, EnvFactoryCallable, EnvFactoryRegistered, EnvFactoryVector, EnvMode, VectorEnvType
from rlchassis.errors import UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.by_name import plan, train
from rlchassis.experiment.collection import ExperimentCollection
from rlchassis.experiment.experiment import Experiment
from rlchassis.experiment.loaded_policy import LoadedPolicy
from rlchassis.experiment.provided import BUILDERS as BUILDERS
from rlchassis.experiment.provided import PROVIDED, provided
from rlchassis.experiment.stored import evaluate, load_policy
from rlchassis.learning.optimizer import LRSchedulerFactory, LRSchedulerFactoryLinear, OptimizerFactory
from rlchassis.reporting.loggers import Logger
from rlchassis.run.result import ExperimentResult
from rlchassis.training.agent import AgentFactory, PolicyWrapperFactory
from rlchassis.training.callbacks import (
    CallbackContext,
    Callbacks,
    EpochStopCallback,
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    EpochTestCallback,
    EpochTrainCallback,
)
from rlchassis.training.info import InfoStats
from rlchassis.training.loggers import LoggerFactory, LoggerFactoryDefault
from rlchassis.training.metric_stop import EpochStopCallbackMetric
from rlchassis.training.persistence import Persistence, PersistEvent, PolicyPersistence, RestoreEvent
from rlchassis.training.world import World

__all__ = [
    "AgentFactory",
    "CallbackContext",
    "Callbacks",
    "EnvFactory",
    "EnvFactoryCallable",
    "EnvFactoryRegistered",
    "EnvFactoryVector",
    "EnvMode",
    "EpochStopCallback",
    "EpochStopCallbackMetric",
    "EpochStopCallbackNoImprovement",
    "EpochStopCallbackRewardThreshold",
    "EpochTestCallback",
    "EpochTrainCallback",
    "Evaluation",
    "Experiment",
    "ExperimentBuilder",
    "ExperimentCollection",
    "ExperimentConfig",
    "ExperimentResult",
    "InfoStats",
    "LRSchedulerFactory",
    "LRSchedulerFactoryLinear",
    "LoadedPolicy",
    "Logger",
    "LoggerFactory",
    "LoggerFactoryDefault",
    "Mode",
    "OptimizerFactory",
    "PersistEvent",
    "Persistence",
    "PolicyPersistence",
    "PolicyWrapperFactory",
    "RestoreEvent",
    "SamplingConfig",
    "UsageError",
    "VectorEnvType",
    "World",
    "evaluate",
    "load_policy",
    "plan",
    "train",
]


def __getattr__(name: str) -> Any:
    return provided(name)


def __dir__() -> list[str]:
    return sorted([*globals(), *PROVIDED])
