"""Public API for plugins: one flat namespace, whose names and signatures change only with the plugin API's version.

Names are imported lazily, so that a verb such as `plot` does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlchassis.cli.output import say
    from rlchassis.config import ExperimentConfig, ResolvedSampling, SamplingConfig
    from rlchassis.config.config_part import ConfigPart
    from rlchassis.config.fields import choice, decay_rates, instance, number, switch, whole
    from rlchassis.config.tianshou_names import refuses_old_names
    from rlchassis.data.action_layout import ActionLayout
    from rlchassis.data.experience import Experience, Metrics, Observation, TensorStruct, Transition, by_row, map_tensors
    from rlchassis.data.step import Step
    from rlchassis.envs import EnvFactory, EnvFactoryRegistered, Environments, EnvMode, VectorEnvType
    from rlchassis.envs.gymnasium_vector import NativeEnvironment
    from rlchassis.envs.masks import is_masked, join_mask, split_mask, without_mask
    from rlchassis.errors import PluginError, StoredFileError, UnsupportedSpaceError, UsageError
    from rlchassis.experiment.builder import ExperimentBuilder
    from rlchassis.hookspecs import hookimpl
    from rlchassis.learning.algorithm import Algorithm, UpdateResult
    from rlchassis.learning.compilation import one_graph
    from rlchassis.learning.gradients import gradient_step
    from rlchassis.learning.module_factory import HasSpaces, ModuleFactory, Probe
    from rlchassis.learning.optimizer import LRSchedulerFactory, Optimizer, OptimizerFactory, without_dynamo
    from rlchassis.learning.output_checks import described, require_action, require_values
    from rlchassis.learning.policy import Policy, PolicyWrapper
    from rlchassis.learning.setup import Setup
    from rlchassis.registry import Component
    from rlchassis.registry.wording import did_you_mean
    from rlchassis.replay import Replay, ReplayBuffer, Sample
    from rlchassis.reporting.loggers import Logger
    from rlchassis.reporting.metrics_file import read_metrics
    from rlchassis.run.watching import playing_rendered
    from rlchassis.storage.files import write_atomically
    from rlchassis.storage.stored_configuration import read_settings, settings_of
    from rlchassis.training.agent import AgentFactory, PolicyWrapperFactory
    from rlchassis.training.buffer_factory import BufferFactory
    from rlchassis.training.callbacks import CallbackContext, EpochStopCallback, EpochTestCallback, EpochTrainCallback
    from rlchassis.training.loggers import LoggerFactory
    from rlchassis.training.off_policy import OffPolicyTrainer
    from rlchassis.training.on_policy import OnPolicyTrainer
    from rlchassis.training.world import World

HOMES = {
    "rlchassis.cli.output": "say",
    "rlchassis.config": "ExperimentConfig ResolvedSampling SamplingConfig",
    "rlchassis.config.fields": "choice decay_rates instance number switch whole",
    "rlchassis.config.config_part": "ConfigPart",
    "rlchassis.config.tianshou_names": "refuses_old_names",
    "rlchassis.data.action_layout": "ActionLayout",
    "rlchassis.data.experience": "by_row map_tensors Experience Metrics Observation TensorStruct Transition",
    "rlchassis.data.step": "Step",
    "rlchassis.envs": "EnvFactory EnvFactoryRegistered Environments EnvMode VectorEnvType",
    "rlchassis.envs.gymnasium_vector": "NativeEnvironment",
    "rlchassis.envs.masks": "is_masked join_mask split_mask without_mask",
    "rlchassis.errors": "PluginError StoredFileError UnsupportedSpaceError UsageError",
    "rlchassis.experiment.builder": "ExperimentBuilder",
    "rlchassis.hookspecs": "hookimpl",
    "rlchassis.learning.algorithm": "Algorithm UpdateResult",
    "rlchassis.learning.output_checks": "described require_action require_values",
    "rlchassis.learning.compilation": "one_graph",
    "rlchassis.learning.gradients": "gradient_step",
    "rlchassis.learning.module_factory": "HasSpaces ModuleFactory Probe",
    "rlchassis.learning.optimizer": "LRSchedulerFactory Optimizer OptimizerFactory without_dynamo",
    "rlchassis.learning.policy": "Policy PolicyWrapper",
    "rlchassis.learning.setup": "Setup",
    "rlchassis.registry": "Component",
    "rlchassis.registry.wording": "did_you_mean",
    "rlchassis.replay": "Replay ReplayBuffer Sample",
    "rlchassis.run.watching": "playing_rendered",
    "rlchassis.storage.files": "write_atomically",
    "rlchassis.storage.stored_configuration": "read_settings settings_of",
    "rlchassis.training.agent": "AgentFactory PolicyWrapperFactory",
    "rlchassis.training.buffer_factory": "BufferFactory",
    "rlchassis.training.callbacks": "CallbackContext EpochStopCallback EpochTestCallback EpochTrainCallback",
    "rlchassis.training.loggers": "LoggerFactory",
    "rlchassis.reporting.loggers": "Logger",
    "rlchassis.reporting.metrics_file": "read_metrics",
    "rlchassis.training.off_policy": "OffPolicyTrainer",
    "rlchassis.training.on_policy": "OnPolicyTrainer",
    "rlchassis.training.world": "World",
}
"""Modules and the names that they define."""

_HOME_OF = {name: home for home, names in HOMES.items() for name in names.split()}

__all__ = [
    "ActionLayout",
    "AgentFactory",
    "Algorithm",
    "BufferFactory",
    "CallbackContext",
    "Component",
    "ConfigPart",
    "EnvFactory",
    "EnvFactoryRegistered",
    "EnvMode",
    "Environments",
    "EpochStopCallback",
    "EpochTestCallback",
    "EpochTrainCallback",
    "Experience",
    "ExperimentBuilder",
    "ExperimentConfig",
    "HasSpaces",
    "LRSchedulerFactory",
    "Logger",
    "LoggerFactory",
    "Metrics",
    "ModuleFactory",
    "NativeEnvironment",
    "Observation",
    "OffPolicyTrainer",
    "OnPolicyTrainer",
    "Optimizer",
    "OptimizerFactory",
    "PluginError",
    "Policy",
    "PolicyWrapper",
    "PolicyWrapperFactory",
    "Probe",
    "Replay",
    "ReplayBuffer",
    "ResolvedSampling",
    "Sample",
    "SamplingConfig",
    "Setup",
    "Step",
    "StoredFileError",
    "TensorStruct",
    "Transition",
    "UnsupportedSpaceError",
    "UpdateResult",
    "UsageError",
    "VectorEnvType",
    "World",
    "by_row",
    "choice",
    "decay_rates",
    "described",
    "did_you_mean",
    "gradient_step",
    "hookimpl",
    "instance",
    "is_masked",
    "join_mask",
    "map_tensors",
    "number",
    "one_graph",
    "playing_rendered",
    "read_metrics",
    "read_settings",
    "refuses_old_names",
    "require_action",
    "require_values",
    "say",
    "settings_of",
    "split_mask",
    "switch",
    "whole",
    "without_dynamo",
    "without_mask",
    "write_atomically",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
