"""All that people who run experiments import; the builders of algorithms are found through the registry when they are first used."""

from __future__ import annotations

from typing import Any

from rlchassis.action_critics import ActionCriticFactory, ActionCriticFactoryDefault, ActionCriticFactoryReuseActor
from rlchassis.agent import AgentFactory, PolicyWrapperFactory
from rlchassis.callbacks import (
    CallbackContext,
    Callbacks,
    EpochStopCallback,
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    EpochTestCallback,
    EpochTrainCallback,
)
from rlchassis.config import ExperimentConfig, Mode, SamplingConfig
from rlchassis.envs import EnvFactory, EnvFactoryCallable, EnvFactoryRegistered, EnvFactoryVector, EnvMode, VectorEnvType
from rlchassis.errors import UsageError
from rlchassis.evaluation import Evaluation
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.by_name import plan, train
from rlchassis.experiment.collection import ExperimentCollection
from rlchassis.experiment.provided import BUILDERS as BUILDERS
from rlchassis.experiment.provided import PROVIDED, provided
from rlchassis.experiment.recipe import Experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.experiment.stored import LoadedPolicy, evaluate, load_policy
from rlchassis.loggers import Logger, LoggerFactory, LoggerFactoryDefault
from rlchassis.modules import ActorFactory, ActorFactoryDefault, CriticFactory, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis.noise import NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis.optim import LRSchedulerFactory, LRSchedulerFactoryLinear, OptimizerFactory
from rlchassis.persistence import Persistence, PersistEvent, PolicyPersistence, RestoreEvent
from rlchassis.temperature import AutoAlphaFactory, AutoAlphaFactoryDefault
from rlchassis.trainer import InfoStats
from rlchassis.world import World

__all__ = [
    "ActionCriticFactory",
    "ActionCriticFactoryDefault",
    "ActionCriticFactoryReuseActor",
    "ActorFactory",
    "ActorFactoryDefault",
    "AgentFactory",
    "AutoAlphaFactory",
    "AutoAlphaFactoryDefault",
    "CallbackContext",
    "Callbacks",
    "CriticFactory",
    "CriticFactoryDefault",
    "CriticFactoryReuseActor",
    "EnvFactory",
    "EnvFactoryCallable",
    "EnvFactoryRegistered",
    "EnvFactoryVector",
    "EnvMode",
    "EpochStopCallback",
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
    "NoiseFactory",
    "NoiseFactoryMaxActionScaledGaussian",
    "NoiseFactoryOrnsteinUhlenbeck",
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
