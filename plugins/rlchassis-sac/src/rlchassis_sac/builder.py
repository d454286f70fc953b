"""How a SAC agent is made, and the builder that configures one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_sac.algorithm import SAC
from rlchassis_sac.params import SACParams
from rlchassis_sac.policy import SACPolicy
from rlchassis_toolkit import (
    ActionCriticFactory,
    ActorFactory,
    GaussianActorMethods,
    TwoCriticsMethods,
    create_critics,
    create_optimizers,
    create_temperature,
    squashed_actor,
    target_copy,
    two_critics,
)


@frozen(kw_only=True)
class SACAgentFactory(AgentFactory):
    """Describes a SAC agent."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: SACParams = instance(SACParams, factory=SACParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=squashed_actor)
    """The network that acts: mean and log standard deviation before the squash."""
    critic_factories: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()
    """The two networks that judge; equal ones are computed as one."""

    def create_policy(self, envs: Environments, device: torch.device) -> SACPolicy:
        """A squashed Gaussian."""
        actor = self.actor_factory.create_module(envs, device)
        return SACPolicy(actor, deterministic_eval=self.params.deterministic_eval, noise=self.params.exploration_noise)

    def create_algorithm(self, policy: SACPolicy, envs: Environments, setup: Setup) -> SAC:
        """Features that the critics share with the actor are learned by the critics alone."""
        params = self.params
        critics = create_critics(self.critic_factories, envs, setup.device, policy.actor)
        return SAC(
            policy,
            critics,
            target_copy(critics),
            *create_optimizers(policy, critics, params, setup),
            create_temperature(params.alpha, envs, setup),
            params,
        )


class SACExperimentBuilder(GaussianActorMethods[SACAgentFactory], TwoCriticsMethods[SACAgentFactory]):
    """Assembles an experiment with Soft Actor-Critic."""

    agent_class = SACAgentFactory

    def with_sac_params(self, params: SACParams) -> Self:
        """Set the hyperparameters of SAC."""
        return self._with_agent(params=params)
