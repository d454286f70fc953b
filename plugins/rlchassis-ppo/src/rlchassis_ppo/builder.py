"""How a PPO agent is made, and the builder that lets users say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OnPolicyTrainer, Setup, instance
from rlchassis_ppo.algorithm import PPO
from rlchassis_ppo.params import PPOParams
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
class PPOAgentFactory(AgentFactory):
    """The recipe for a PPO agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 2048, "repeat_per_collect": 10, "num_test_episodes": 10}

    params: PPOParams = instance(PPOParams, factory=PPOParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=ActorFactoryDefault)
    """The network that acts."""
    critic_factory: CriticFactory = instance(CriticFactory, factory=CriticFactoryDefault)
    """The network that judges."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples from its actor's distribution."""
        actor = self.actor_factory.create_module(envs, device)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> PPO:
        """One optimizer over actor and critic, whose features may be shared."""
        critic = self.critic_factory.create_module(envs, setup.device, actor=policy.actor)
        parameters = unique_parameters(policy, critic)
        optimizer = setup.optimizer(parameters, self.params.lr, "actor_critic", self.params.lr_scheduler_factory)
        scale = ReturnScale(setup.device) if self.params.return_scaling else None
        return PPO(policy, critic, optimizer, self.params, scale)


class PPOExperimentBuilder(ActorCriticExperimentBuilder[PPOAgentFactory]):
    """Assembles an experiment with Proximal Policy Optimization."""

    agent_class = PPOAgentFactory

    def with_ppo_params(self, params: PPOParams) -> Self:
        """Set the hyperparameters of PPO."""
        return self._with_agent(params=params)
