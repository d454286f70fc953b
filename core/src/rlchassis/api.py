"""All that a plugin may import: one flat surface, whose names and signatures change only with the plugin API's version."""

from __future__ import annotations

from rlchassis.advantages import Judgement, ReturnScale, judge
from rlchassis.agent import AgentFactory, PolicyWrapperFactory, Setup, resolve
from rlchassis.algorithm import Algorithm, Learned
from rlchassis.callbacks import CallbackContext, EpochStopCallback, EpochTestCallback, EpochTrainCallback
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.distributions import ActionDistribution, Categorical, DiagonalGaussian
from rlchassis.envs import EnvFactory, Environments, EnvMode
from rlchassis.errors import PluginError, UnsupportedSpaceError, UsageError
from rlchassis.evaluation import Evaluation
from rlchassis.experience import Experience, Metrics, Observation, TensorStruct, by_row, map_tensors
from rlchassis.experiment.actor_critic import ActorCriticExperimentBuilder
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.fields import instance, number, switch, whole
from rlchassis.hookspecs import hookimpl
from rlchassis.loggers import Logger, LoggerFactory
from rlchassis.losses import normalized
from rlchassis.modules import ActorFactory, ActorFactoryDefault, CriticFactory, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis.moments import RunningMoments
from rlchassis.networks import MLP, CategoricalActor, Critic, Features, GaussianActor, encoder_for, orthogonal_, unique_parameters
from rlchassis.noise import NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis.optim import LRSchedulerFactory, LRSchedulerFactoryLinear, Optimizer, OptimizerFactory, gradient_step
from rlchassis.policies import Policy, PolicyWrapper, StochasticPolicy
from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component
from rlchassis.renamed import refuses_old_names
from rlchassis.returns import lambda_returns
from rlchassis.trainer import InfoStats, OnPolicyTrainer, Trainer
from rlchassis.world import World

__all__ = [
    "MLP",
    "ActionDistribution",
    "ActorCriticExperimentBuilder",
    "ActorFactory",
    "ActorFactoryDefault",
    "AgentFactory",
    "Algorithm",
    "CallbackContext",
    "Categorical",
    "CategoricalActor",
    "Component",
    "Critic",
    "CriticFactory",
    "CriticFactoryDefault",
    "CriticFactoryReuseActor",
    "DiagonalGaussian",
    "EnvFactory",
    "EnvMode",
    "Environments",
    "EpochStopCallback",
    "EpochTestCallback",
    "EpochTrainCallback",
    "Evaluation",
    "Experience",
    "ExperimentBuilder",
    "ExperimentConfig",
    "Features",
    "GaussianActor",
    "InfoStats",
    "Judgement",
    "LRSchedulerFactory",
    "LRSchedulerFactoryLinear",
    "Learned",
    "Logger",
    "LoggerFactory",
    "Metrics",
    "NoiseFactory",
    "NoiseFactoryMaxActionScaledGaussian",
    "NoiseFactoryOrnsteinUhlenbeck",
    "Observation",
    "OnPolicyTrainer",
    "Optimizer",
    "OptimizerFactory",
    "PluginError",
    "Policy",
    "PolicyWrapper",
    "PolicyWrapperFactory",
    "RecipePart",
    "ReturnScale",
    "RunningMoments",
    "SamplingConfig",
    "Setup",
    "StochasticPolicy",
    "TensorStruct",
    "Trainer",
    "UnsupportedSpaceError",
    "UsageError",
    "World",
    "by_row",
    "encoder_for",
    "gradient_step",
    "hookimpl",
    "instance",
    "judge",
    "lambda_returns",
    "map_tensors",
    "normalized",
    "number",
    "orthogonal_",
    "refuses_old_names",
    "resolve",
    "switch",
    "unique_parameters",
    "whole",
]
