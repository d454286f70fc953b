"""Agent factories of on-policy algorithms with a stochastic actor: networks, policy, critic and optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from attrs import frozen
from torch import nn

from rlchassis.api import AgentFactory, Environments, LRSchedulerFactory, OnPolicyTrainer, Optimizer, Setup, UsageError, instance
from rlchassis_toolkit.factories.contracts import ActorFactory, CriticFactory
from rlchassis_toolkit.factories.fields import network_field
from rlchassis_toolkit.factories.networks import ActorFactoryDefault, CriticFactoryDefault
from rlchassis_toolkit.gae import ReturnScale
from rlchassis_toolkit.memory.factories import MemoryFactory, create_memory
from rlchassis_toolkit.memory.memory import network_spaces
from rlchassis_toolkit.networks.actors_and_critics import unique_parameters
from rlchassis_toolkit.networks.masking import MaskedActor, masked, seen_by_networks
from rlchassis_toolkit.policies.stochastic import StochasticPolicy


class OnPolicyParams(Protocol):
    """Interface of hyperparameters of on-policy agents."""

    @property
    def lr(self) -> float:
        """Learning rate."""

    @property
    def lr_scheduler_factory(self) -> LRSchedulerFactory | None:
        """Learning rate schedule; None: constant."""

    @property
    def deterministic_eval(self) -> bool:
        """Whether evaluation takes the mode of the action distribution instead of sampling."""


class ActorCriticParams(OnPolicyParams, Protocol):
    """Interface of hyperparameters of on-policy agents with a critic."""

    @property
    def return_scaling(self) -> bool:
        """Whether value targets are returns divided by their running standard deviation."""


@frozen(kw_only=True)
class StochasticAgentFactory(AgentFactory):
    """Factory of on-policy agents with a stochastic actor; a subclass adds params and create_algorithm."""

    trainer_class = OnPolicyTrainer

    params: OnPolicyParams
    """Hyperparameters."""
    actor_factory: ActorFactory = network_field(ActorFactory, ActorFactoryDefault)
    """Actor: a network from observations to a distribution over actions."""
    memory: MemoryFactory | None = instance(MemoryFactory)
    """Memory, whose features actor and critic see in place of observations; None: none."""

    def __attrs_post_init__(self) -> None:
        """UsageError for an option of the memory that has no effect."""
        if self.memory is not None and self.memory.burn_in:
            raise UsageError(
                "memory.burn_in has no effect on policy, where sequences begin with the states of the same weights; leave it out."
            )

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """Create a stochastic policy."""
        memory = create_memory(self.memory, envs, device)
        seen = network_spaces(memory, envs)
        actor = masked(self.actor_factory.create_module(seen_by_networks(seen), device), seen, MaskedActor)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval, memory=memory)

    def create_optimizer(self, parameters: Iterable[nn.Parameter], role: str, setup: Setup) -> Optimizer:
        """Create an optimizer of these parameters with params.lr and its schedule."""
        return setup.optimizer(list(parameters), self.params.lr, role, self.params.lr_scheduler_factory)


@frozen(kw_only=True)
class ActorCriticAgentFactory(StochasticAgentFactory):
    """Factory of on-policy agents with a stochastic actor and a critic v(s)."""

    params: ActorCriticParams
    """Hyperparameters."""
    critic_factory: CriticFactory = network_field(CriticFactory, CriticFactoryDefault)
    """Critic: a network from observations to values."""

    def create_critic(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> nn.Module:
        """Create the critic, which may share the actor's features."""
        seen = network_spaces(policy.memory, envs)
        return masked(self.critic_factory.create_module(seen_by_networks(seen), setup.device, actor=policy.actor), seen)

    def create_joint_optimizer(self, policy: StochasticPolicy, critic: nn.Module, setup: Setup) -> Optimizer:
        """Create one optimizer for actor and critic; shared parameters count once."""
        return self.create_optimizer(unique_parameters(policy, critic), "actor_critic", setup)

    def create_critic_optimizer(self, policy: StochasticPolicy, critic: nn.Module, setup: Setup) -> Optimizer:
        """Create an optimizer for the critic's parameters that are not shared with the actor."""
        return self.create_optimizer(unique_parameters(critic, without=policy.parameters()), "critic", setup)

    def create_return_scale(self, setup: Setup) -> ReturnScale | None:
        """Create the running scale of returns; None without params.return_scaling."""
        return ReturnScale(setup.device) if self.params.return_scaling else None
