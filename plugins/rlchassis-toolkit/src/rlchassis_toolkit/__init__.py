"""Building blocks of reinforcement-learning algorithms: networks, policies, losses, returns and exploration noise."""

from __future__ import annotations

from rlchassis_toolkit.builders.actor_critic import ActorCriticExperimentBuilder, MemoryMethods, StochasticActorMethods
from rlchassis_toolkit.builders.off_policy import (
    CriticEnsembleMethods,
    DeterministicActorMethods,
    GaussianActorMethods,
    OneCriticMethods,
    TwoCriticsMethods,
)
from rlchassis_toolkit.builders.off_policy_agents import create_optimizers, squashed_actor
from rlchassis_toolkit.builders.on_policy_agents import ActorCriticAgentFactory, StochasticAgentFactory
from rlchassis_toolkit.distributions import ActionDistribution, Categorical, DiagonalGaussian, detached, forbid
from rlchassis_toolkit.factories.action_critics import (
    ActionCriticFactory,
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    create_critics,
    two_critics,
)
from rlchassis_toolkit.factories.contracts import ActorFactory, CriticFactory, IntermediateModuleFactory, NetworkFactory
from rlchassis_toolkit.factories.fields import hidden_sizes, is_activation, network_field
from rlchassis_toolkit.factories.networks import (
    ActorFactoryDefault,
    CriticFactoryDefault,
    CriticFactoryReuseActor,
    DeterministicActorFactoryDefault,
    IntermediateModuleFactoryDefault,
)
from rlchassis_toolkit.fused_step import OptimizerStep, fused_step
from rlchassis_toolkit.gae import Advantages, ReturnScale, compute_gae, update_scale_and_compute_gae
from rlchassis_toolkit.loggers.factory import StandardLoggerFactory
from rlchassis_toolkit.losses import (
    actor_critic_loss,
    deterministic_policy_loss,
    normalized,
    require_one_shape,
    soft_value,
    squared_loss,
    value_loss,
)
from rlchassis_toolkit.memory.factories import MemoryFactory, MemoryFactoryGRU, MemoryFactoryLSTM, create_memory
from rlchassis_toolkit.memory.memory import Memory, network_spaces
from rlchassis_toolkit.memory.sequences import RolloutBatch
from rlchassis_toolkit.metrics import actor_metrics, critic_metrics, explained_variance, td_metrics
from rlchassis_toolkit.moments import RunningMoments
from rlchassis_toolkit.natural_gradient import assign_, conjugate_gradient, fisher_vector_product, flat_gradient, flattened
from rlchassis_toolkit.networks.actors_and_critics import (
    MLP,
    CategoricalActor,
    Critic,
    DeterministicActor,
    Features,
    GaussianActor,
    MixedActor,
    MultiCategoricalActor,
    orthogonal_,
    unique_parameters,
)
from rlchassis_toolkit.networks.encoders import description_of, encoder_for, width_of
from rlchassis_toolkit.networks.ensembles import CriticEnsemble, DiscreteCriticEnsemble, first_of
from rlchassis_toolkit.networks.head import HeadOnFeatures
from rlchassis_toolkit.networks.images import ImageLayout, image_layout
from rlchassis_toolkit.networks.joint_actions import joint_actions, joint_mask, joint_sizes, log_joint_actions
from rlchassis_toolkit.networks.masking import MaskedActor, MaskedValues, WithoutMask, masked, seen_by_networks
from rlchassis_toolkit.noise import ExplorationNoise, NoiseFactory, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis_toolkit.numpy_inference import infer
from rlchassis_toolkit.own_learner import OwnLearner
from rlchassis_toolkit.policies.deterministic import DeterministicPolicy
from rlchassis_toolkit.policies.epsilon_greedy import EpsilonGreedyPolicy, LinearEps
from rlchassis_toolkit.policies.recurrent import RecurrentPolicy, target_memory, update_target_memory
from rlchassis_toolkit.policies.squashed import SquashedGaussian, SquashedGaussianPolicy
from rlchassis_toolkit.policies.stochastic import StochasticPolicy
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical
from rlchassis_toolkit.returns import lambda_returns, n_step_transition
from rlchassis_toolkit.reward_scale import RewardScale
from rlchassis_toolkit.targets import polyak_update, target_copy
from rlchassis_toolkit.temperature import AutoAlphaFactory, AutoAlphaFactoryDefault, Temperature, create_temperature, is_alpha

__all__ = [
    "MLP",
    "ActionCriticFactory",
    "ActionCriticFactoryDefault",
    "ActionCriticFactoryReuseActor",
    "ActionDistribution",
    "ActorCriticAgentFactory",
    "ActorCriticExperimentBuilder",
    "ActorFactory",
    "ActorFactoryDefault",
    "Advantages",
    "AutoAlphaFactory",
    "AutoAlphaFactoryDefault",
    "Categorical",
    "CategoricalActor",
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
    "EpsilonGreedyPolicy",
    "ExplorationNoise",
    "Features",
    "GaussianActor",
    "GaussianActorMethods",
    "HeadOnFeatures",
    "ImageLayout",
    "IntermediateModuleFactory",
    "IntermediateModuleFactoryDefault",
    "LinearEps",
    "MaskedActor",
    "MaskedValues",
    "Memory",
    "MemoryFactory",
    "MemoryFactoryGRU",
    "MemoryFactoryLSTM",
    "MemoryMethods",
    "MixedActor",
    "MixedDistribution",
    "MultiCategorical",
    "MultiCategoricalActor",
    "NetworkFactory",
    "NoiseFactory",
    "NoiseFactoryMaxActionScaledGaussian",
    "NoiseFactoryOrnsteinUhlenbeck",
    "OneCriticMethods",
    "OptimizerStep",
    "OwnLearner",
    "RecurrentPolicy",
    "ReturnScale",
    "RewardScale",
    "RolloutBatch",
    "RunningMoments",
    "SquashedGaussian",
    "SquashedGaussianPolicy",
    "StandardLoggerFactory",
    "StochasticActorMethods",
    "StochasticAgentFactory",
    "StochasticPolicy",
    "Temperature",
    "TwoCriticsMethods",
    "WithoutMask",
    "actor_critic_loss",
    "actor_metrics",
    "assign_",
    "compute_gae",
    "conjugate_gradient",
    "create_critics",
    "create_memory",
    "create_optimizers",
    "create_temperature",
    "critic_metrics",
    "description_of",
    "detached",
    "deterministic_policy_loss",
    "encoder_for",
    "explained_variance",
    "first_of",
    "fisher_vector_product",
    "flat_gradient",
    "flattened",
    "forbid",
    "fused_step",
    "hidden_sizes",
    "image_layout",
    "infer",
    "is_activation",
    "is_alpha",
    "joint_actions",
    "joint_mask",
    "joint_sizes",
    "lambda_returns",
    "log_joint_actions",
    "masked",
    "n_step_transition",
    "network_field",
    "network_spaces",
    "normalized",
    "orthogonal_",
    "polyak_update",
    "require_one_shape",
    "seen_by_networks",
    "soft_value",
    "squared_loss",
    "squashed_actor",
    "target_copy",
    "target_memory",
    "td_metrics",
    "two_critics",
    "unique_parameters",
    "update_scale_and_compute_gae",
    "update_target_memory",
    "value_loss",
    "width_of",
]
