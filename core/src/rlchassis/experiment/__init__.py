"""All that people who run experiments import; the builders of algorithms are found through the registry when they are first used."""

from __future__ import annotations

from importlib import import_module
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
from rlchassis.errors import PluginError, UsageError
from rlchassis.evaluation import Evaluation
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.by_name import plan, train
from rlchassis.experiment.collection import ExperimentCollection
from rlchassis.experiment.recipe import Experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.experiment.stored import LoadedPolicy, evaluate, load_policy
from rlchassis.loggers import Logger, LoggerFactory, LoggerFactoryDefault
from rlchassis.modules import ActorFactory, ActorFactoryDefault, CriticFactory, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis.noise import NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis.optim import LRSchedulerFactory, LRSchedulerFactoryLinear, OptimizerFactory
from rlchassis.persistence import Persistence, PersistEvent, PolicyPersistence, RestoreEvent
from rlchassis.registry import load
from rlchassis.renamed import other_names
from rlchassis.temperature import AutoAlphaFactory, AutoAlphaFactoryDefault
from rlchassis.trainer import InfoStats
from rlchassis.world import World

BUILDERS = {
    "A2CExperimentBuilder": "a2c",
    "DDPGExperimentBuilder": "ddpg",
    "DQNExperimentBuilder": "dqn",
    "DiscreteSACExperimentBuilder": "discrete-sac",
    "IQNExperimentBuilder": "iqn",
    "NPGExperimentBuilder": "npg",
    "PGExperimentBuilder": "pg",
    "PPOExperimentBuilder": "ppo",
    "REDQExperimentBuilder": "redq",
    "SACExperimentBuilder": "sac",
    "TD3ExperimentBuilder": "td3",
    "TRPOExperimentBuilder": "trpo",
}
"""The builders of algorithms, by the name that their distribution registers; the params stand beside them."""
PROVIDED = {
    **{builder: ("algorithm", name) for builder, name in BUILDERS.items()},
    **{builder.replace("ExperimentBuilder", "Params"): ("algorithm", name) for builder, name in BUILDERS.items()},
    "EpochTestCallbackDQNSetEps": ("algorithm", "dqn"),
    "EpochTrainCallbackDQNEpsLinearDecay": ("algorithm", "dqn"),
    "EpochTrainCallbackDQNSetEps": ("algorithm", "dqn"),
    "OptimizerFactoryAdam": ("optimizer", "adam"),
    "OptimizerFactoryRMSprop": ("optimizer", "rmsprop"),
    "PolicyWrapperFactoryIntrinsicCuriosity": ("policy_wrapper", "icm"),
}
"""The names that other distributions provide, by the plugin in whose package they stand."""

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
    if name not in PROVIDED:
        if name in other_names("classes"):
            raise ImportError(f"rlchassis.experiment has no {name}; it is called {other_names('classes')[name]} here.", name=__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        plugin = load(*PROVIDED[name])
    except PluginError as error:
        raise ImportError(f"{name}: {error}", name=__name__) from error
    return getattr(import_module(plugin.__module__.partition(".")[0]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *PROVIDED])
