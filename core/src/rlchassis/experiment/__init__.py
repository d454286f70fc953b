"""All that people who run experiments import; the builders of algorithms are found through the registry when they are first used."""

from __future__ import annotations

from typing import Any

from rlchassis.callbacks import (
    Callbacks,
    EpochStopCallback,
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    EpochTestCallback,
    EpochTrainCallback,
)
from rlchassis.config import ExperimentConfig, Mode, SamplingConfig
from rlchassis.envs import EnvFactory, EnvFactoryCallable, EnvFactoryRegistered, EnvFactoryVector, EnvMode, VectorEnvType
from rlchassis.errors import PluginError
from rlchassis.evaluation import Evaluation
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.by_name import plan, train
from rlchassis.experiment.collection import ExperimentCollection
from rlchassis.experiment.recipe import Experiment, restore_experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.experiment.stored import LoadedPolicy, evaluate, load_policy
from rlchassis.loggers import Logger, LoggerFactory, LoggerFactoryDefault
from rlchassis.persistence import Persistence, PersistEvent, PolicyPersistence, RestoreEvent
from rlchassis.registry import load
from rlchassis.renamed import CLASSES
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
"""The builders that bear a name of their own here, by the algorithm whose distribution provides them."""

__all__ = [
    "Callbacks",
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
    "LoadedPolicy",
    "Logger",
    "LoggerFactory",
    "LoggerFactoryDefault",
    "Mode",
    "PersistEvent",
    "Persistence",
    "PolicyPersistence",
    "RestoreEvent",
    "SamplingConfig",
    "VectorEnvType",
    "World",
    "evaluate",
    "load_policy",
    "plan",
    "restore_experiment",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in CLASSES:
        raise ImportError(f"rlchassis.experiment has no {name}; it is called {CLASSES[name]} here.", name=__name__)
    if name not in BUILDERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return load("algorithm", BUILDERS[name])
    except PluginError as error:
        raise ImportError(f"{name}: {error}", name=__name__) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *BUILDERS])
