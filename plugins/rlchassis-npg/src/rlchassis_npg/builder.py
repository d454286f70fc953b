"""How an NPG agent is made, and the builder that lets users say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OnPolicyTrainer, Setup, instance
from rlchassis_npg.algorithm import NPG
from rlchassis_npg.params import NPGParams
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
class NPGAgentFactory(AgentFactory):
    """The recipe for an NPG agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 1024, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: NPGParams = instance(NPGParams, factory=NPGParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=ActorFactoryDefault)
    """The network that acts."""
    critic_factory: CriticFactory = instance(CriticFactory, factory=CriticFactoryDefault)
    """The network that judges."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples from its actor's distribution."""
        actor = self.actor_factory.create_module(envs, device)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> NPG:
        """An optimizer over what the critic does not share with the actor, which no optimizer steps."""
        critic = self.critic_factory.create_module(envs, setup.device, actor=policy.actor)
        parameters = unique_parameters(critic, without=policy.parameters())
        optimizer = setup.optimizer(parameters, self.params.lr, "critic", self.params.lr_scheduler_factory)
        scale = ReturnScale(setup.device) if self.params.return_scaling else None
        return NPG(policy, critic, optimizer, self.params, scale)


class NPGExperimentBuilder(ActorCriticExperimentBuilder[NPGAgentFactory]):
    """Assembles an experiment with natural policy gradients."""

    agent_class = NPGAgentFactory

    def with_npg_params(self, params: NPGParams) -> Self:
        """Set the hyperparameters of NPG."""
        return self._with_agent(params=params)
