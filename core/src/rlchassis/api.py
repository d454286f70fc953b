"""All that a plugin may import: one flat surface, whose names and signatures change only with the plugin API's version."""

from __future__ import annotations

from rlchassis.action_critics import (
    ActionCriticFactory,
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    create_critics,
    two_critics,
)
from rlchassis.advantages import Judgement, ReturnScale, judge, judge_anew
from rlchassis.agent import AgentFactory, PolicyWrapperFactory, Setup, resolve
from rlchassis.algorithm import Algorithm, Learned
from rlchassis.answers import require_values
from rlchassis.callbacks import CallbackContext, EpochStopCallback, EpochTestCallback, EpochTrainCallback
from rlchassis.compilation import one_graph
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.deterministic import DeterministicPolicy
from rlchassis.distributions import ActionDistribution, Categorical, DiagonalGaussian, detached
from rlchassis.encoders import encoder_for, width_of
from rlchassis.ensembles import CriticEnsemble, DiscreteCriticEnsemble, first_of
from rlchassis.envs import EnvFactory, Environments, EnvMode
from rlchassis.epsilon_greedy import EpsilonGreedyPolicy, LinearEps
from rlchassis.errors import PluginError, UnsupportedSpaceError, UsageError
from rlchassis.evaluation import Evaluation
from rlchassis.experience import Experience, Metrics, Observation, TensorStruct, Transition, by_row, map_tensors
from rlchassis.experiment.actor_critic import ActorCriticExperimentBuilder, StochasticActorMethods
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.off_policy import (
    CriticEnsembleMethods,
    DeterministicActorMethods,
    GaussianActorMethods,
    OneCriticMethods,
    TwoCriticsMethods,
)
from rlchassis.fields import instance, number, switch, whole
from rlchassis.gradients import gradient_step
from rlchassis.hookspecs import hookimpl
from rlchassis.lean import lean_forward
from rlchassis.loggers import Logger, LoggerFactory
from rlchassis.losses import (
    actor_critic_loss,
    deterministic_policy_loss,
    huber_loss,
    normalized,
    quantile_huber_loss,
    soft_value,
    squared_loss,
    value_loss,
)
from rlchassis.modules import (
    ActorFactory,
    ActorFactoryDefault,
    CriticFactory,
    CriticFactoryDefault,
    CriticFactoryReuseActor,
    DeterministicActorFactoryDefault,
    IntermediateModuleFactory,
    IntermediateModuleFactoryDefault,
)
from rlchassis.moments import RunningMoments
from rlchassis.natural_gradient import assign_, conjugate_gradient, fisher_vector_product, flat_gradient, flattened
from rlchassis.networks import (
    MLP,
    CategoricalActor,
    Critic,
    DeterministicActor,
    Features,
    GaussianActor,
    orthogonal_,
    unique_parameters,
)
from rlchassis.noise import Disturbance, NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis.optim import LRSchedulerFactory, LRSchedulerFactoryLinear, Optimizer, OptimizerFactory, OptimizerStep
from rlchassis.policies import Policy, PolicyWrapper, StochasticPolicy
from rlchassis.randomness import RandomStreams
from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component
from rlchassis.renamed import refuses_old_names
from rlchassis.returns import lambda_returns, n_step_transition
from rlchassis.squashed import SquashedGaussian, SquashedGaussianPolicy
from rlchassis.targets import target_of, track
from rlchassis.temperature import AutoAlphaFactory, AutoAlphaFactoryDefault, Temperature, create_temperature, is_alpha
from rlchassis.trainer import InfoStats, OffPolicyTrainer, OnPolicyTrainer, Trainer
from rlchassis.world import World

__all__ = [
    "MLP",
    "ActionCriticFactory",
    "ActionCriticFactoryDefault",
    "ActionCriticFactoryReuseActor",
    "ActionDistribution",
    "ActorCriticExperimentBuilder",
    "ActorFactory",
    "ActorFactoryDefault",
    "AgentFactory",
    "Algorithm",
    "AutoAlphaFactory",
    "AutoAlphaFactoryDefault",
    "CallbackContext",
    "Categorical",
    "CategoricalActor",
    "Component",
    "Critic",
    "CriticEnsemble",
    "CriticEnsembleMethods",
    "CriticFactory",
    "CriticFactoryDefault",
    "CriticFactoryReuseActor",
    "DeterministicActor",
    "DeterministicActorFactoryDefault",
    "DeterministicActorMethods",
    "DeterministicPolicy",
    "DiagonalGaussian",
    "DiscreteCriticEnsemble",
    "Disturbance",
    "EnvFactory",
    "EnvMode",
    "Environments",
    "EpochStopCallback",
    "EpochTestCallback",
    "EpochTrainCallback",
    "EpsilonGreedyPolicy",
    "Evaluation",
    "Experience",
    "ExperimentBuilder",
    "ExperimentConfig",
    "Features",
    "GaussianActor",
    "GaussianActorMethods",
    "InfoStats",
    "IntermediateModuleFactory",
    "IntermediateModuleFactoryDefault",
    "Judgement",
    "LRSchedulerFactory",
    "LRSchedulerFactoryLinear",
    "Learned",
    "LinearEps",
    "Logger",
    "LoggerFactory",
    "Metrics",
    "NoiseFactory",
    "NoiseFactoryMaxActionScaledGaussian",
    "NoiseFactoryOrnsteinUhlenbeck",
    "Observation",
    "OffPolicyTrainer",
    "OnPolicyTrainer",
    "OneCriticMethods",
    "Optimizer",
    "OptimizerFactory",
    "OptimizerStep",
    "PluginError",
    "Policy",
    "PolicyWrapper",
    "PolicyWrapperFactory",
    "RandomStreams",
    "RecipePart",
    "ReturnScale",
    "RunningMoments",
    "SamplingConfig",
    "Setup",
    "SquashedGaussian",
    "SquashedGaussianPolicy",
    "StochasticActorMethods",
    "StochasticPolicy",
    "Temperature",
    "TensorStruct",
    "Trainer",
    "Transition",
    "TwoCriticsMethods",
    "UnsupportedSpaceError",
    "UsageError",
    "World",
    "actor_critic_loss",
    "assign_",
    "by_row",
    "conjugate_gradient",
    "create_critics",
    "create_temperature",
    "detached",
    "deterministic_policy_loss",
    "encoder_for",
    "first_of",
    "fisher_vector_product",
    "flat_gradient",
    "flattened",
    "gradient_step",
    "hookimpl",
    "huber_loss",
    "instance",
    "is_alpha",
    "judge",
    "judge_anew",
    "lambda_returns",
    "lean_forward",
    "map_tensors",
    "n_step_transition",
    "normalized",
    "number",
    "one_graph",
    "orthogonal_",
    "quantile_huber_loss",
    "refuses_old_names",
    "require_values",
    "resolve",
    "soft_value",
    "squared_loss",
    "switch",
    "target_of",
    "track",
    "two_critics",
    "unique_parameters",
    "value_loss",
    "whole",
    "width_of",
]
