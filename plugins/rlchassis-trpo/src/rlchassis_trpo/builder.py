"""How a TRPO agent is made, and the builder that lets users say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OnPolicyTrainer, Setup, instance
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
from rlchassis_trpo.algorithm import TRPO
from rlchassis_trpo.params import TRPOParams


@frozen(kw_only=True)
class TRPOAgentFactory(AgentFactory):
    """The recipe for a TRPO agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 1024, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: TRPOParams = instance(TRPOParams, factory=TRPOParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=ActorFactoryDefault)
    """The network that acts."""
    critic_factory: CriticFactory = instance(CriticFactory, factory=CriticFactoryDefault)
    """The network that judges."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples from its actor's distribution."""
        actor = self.actor_factory.create_module(envs, device)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> TRPO:
        """An optimizer over what the critic does not share with the actor, which no optimizer steps."""
        critic = self.critic_factory.create_module(envs, setup.device, actor=policy.actor)
        parameters = unique_parameters(critic, without=policy.parameters())
        optimizer = setup.optimizer(parameters, self.params.lr, "critic", self.params.lr_scheduler_factory)
        scale = ReturnScale(setup.device) if self.params.return_scaling else None
        return TRPO(policy, critic, optimizer, self.params, scale)


class TRPOExperimentBuilder(ActorCriticExperimentBuilder[TRPOAgentFactory]):
    """Assembles an experiment with Trust Region Policy Optimization."""

    agent_class = TRPOAgentFactory

    def with_trpo_params(self, params: TRPOParams) -> Self:
        """Set the hyperparameters of TRPO."""
        return self._with_agent(params=params)
