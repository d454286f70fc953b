"""Which network factory of rlchassis stands for one with a name of Tianshou's; those of rlchassis stay as they are."""

from __future__ import annotations

from typing import Any

from torch import nn

import rlchassis_toolkit as toolkit
from rlchassis.api import UsageError
from rlchassis_tianshou.highlevel.module import adapters, critic
from rlchassis_tianshou.highlevel.module.actor import ActorFactory, ActorFactoryDefault, IntermediateModuleFactoryFromActorFactory
from rlchassis_tianshou.highlevel.module.intermediate import IntermediateModuleFactory
from rlchassis_tianshou.highlevel.params.dist_fn import DistributionFunctionFactory


def actor_of(factory: Any, policy: str, dist_fn: DistributionFunctionFactory | str = "default") -> toolkit.ActorFactory:
    """Actor of a policy of this kind; dist_fn: what makes a distribution of its answer, if its factory does not say."""
    match factory:
        case ActorFactoryDefault() if policy == "deterministic":
            return toolkit.DeterministicActorFactoryDefault(factory.hidden_sizes, factory.hidden_activation)
        case ActorFactoryDefault():
            more = (factory.continuous_unbounded, factory.continuous_conditioned_sigma)
            return toolkit.ActorFactoryDefault(factory.hidden_sizes, factory.hidden_activation, *more)
        case ActorFactory() if policy == "stochastic":
            return adapters.StochasticActorOf(factory, None if isinstance(dist_fn, str) else dist_fn)
        case ActorFactory():
            return adapters.GaussianActorOf(factory) if policy == "squashed" else adapters.DeterministicActorOf(factory)
        case toolkit.ActorFactory():
            return factory
    raise _strange(factory, "an actor factory")


def critic_of(factory: Any) -> toolkit.CriticFactory:
    """Critic of observations."""
    match factory:
        case critic.CriticFactoryDefault() | critic.CriticFactoryContinuousNet():
            return toolkit.CriticFactoryDefault(factory.hidden_sizes, factory.hidden_activation)
        case critic.CriticFactoryReuseActor():
            return toolkit.CriticFactoryReuseActor()
        case critic.CriticFactory():
            return adapters.CriticOf(factory)
        case toolkit.CriticFactory():
            return factory
    raise _strange(factory, "a critic factory")


def action_critic_of(factory: Any) -> toolkit.ActionCriticFactory:
    """Critic of observations and actions."""
    match factory:
        case critic.CriticFactoryDefault() | critic.CriticFactoryContinuousNet():
            return toolkit.ActionCriticFactoryDefault(factory.hidden_sizes, factory.hidden_activation)
        case critic.CriticFactoryReuseActor():
            return toolkit.ActionCriticFactoryReuseActor()
        case critic.CriticFactory():
            return adapters.ActionCriticOf(factory)
        case toolkit.ActionCriticFactory():
            return factory
    raise _strange(factory, "a critic factory")


def ensemble_of(factory: Any) -> toolkit.ActionCriticFactory:
    """Critics of an ensemble."""
    match factory:
        case critic.CriticEnsembleFactoryDefault() | critic.CriticEnsembleFactoryContinuousNet():
            return toolkit.ActionCriticFactoryDefault(factory.hidden_sizes, nn.ReLU)
        case critic.CriticEnsembleFactory():
            return adapters.CriticEnsembleOf(factory)
        case toolkit.ActionCriticFactory():
            return factory
    raise _strange(factory, "a factory of a critic ensemble")


def features_of(factory: Any) -> toolkit.IntermediateModuleFactory:
    """Features, upon which a head is put."""
    match factory:
        case IntermediateModuleFactoryFromActorFactory(ActorFactoryDefault() as mlp):
            return toolkit.IntermediateModuleFactoryDefault(mlp.hidden_sizes, mlp.hidden_activation)
        case IntermediateModuleFactory():
            return adapters.IntermediateModuleOf(factory)
        case toolkit.IntermediateModuleFactory():
            return factory
    raise _strange(factory, "an IntermediateModuleFactory")


def set_q_network(builder: Any, factory: Any) -> None:
    """Set the network of DQN, whose MLP the builder itself makes."""
    match factory:
        case IntermediateModuleFactoryFromActorFactory(ActorFactoryDefault() as mlp):
            builder.with_model_factory_default(mlp.hidden_sizes, mlp.hidden_activation)
        case _:
            builder.with_model_factory(features_of(factory))


def _strange(factory: Any, wanted: str) -> UsageError:
    return UsageError(f"expected {wanted}, got {factory!r}; derive its class from one of rlchassis_tianshou.highlevel.module.")
