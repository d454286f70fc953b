"""How an A2C agent is made, and the builder that lets users say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OnPolicyTrainer, Setup, instance
from rlchassis_a2c.algorithm import A2C
from rlchassis_a2c.params import A2CParams
from rlchassis_toolkit import (
    ActorCriticExperimentBuilder,
    ActorFactory,
    ActorFactoryDefault,
    CriticFactory,
    CriticFactoryDefault,
    ReturnScale,
    StochasticPolicy,
    unique_parameters,
)


@frozen(kw_only=True)
class A2CAgentFactory(AgentFactory):
    """The recipe for an A2C agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 80, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: A2CParams = instance(A2CParams, factory=A2CParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=ActorFactoryDefault)
    """The network that acts."""
    critic_factory: CriticFactory = instance(CriticFactory, factory=CriticFactoryDefault)
    """The network that judges."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples from its actor's distribution."""
        actor = self.actor_factory.create_module(envs, device)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> A2C:
        """One optimizer over actor and critic, whose features may be shared."""
        critic = self.critic_factory.create_module(envs, setup.device, actor=policy.actor)
        parameters = unique_parameters(policy, critic)
        optimizer = setup.optimizer(parameters, self.params.lr, "actor_critic", self.params.lr_scheduler_factory)
        scale = ReturnScale(setup.device) if self.params.return_scaling else None
        return A2C(policy, critic, optimizer, self.params, scale)


class A2CExperimentBuilder(ActorCriticExperimentBuilder[A2CAgentFactory]):
    """Assembles an experiment with advantage actor-critic."""

    agent_class = A2CAgentFactory

    def with_a2c_params(self, params: A2CParams) -> Self:
        """Set the hyperparameters of A2C."""
        return self._with_agent(params=params)
