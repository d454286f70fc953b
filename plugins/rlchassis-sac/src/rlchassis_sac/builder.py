"""Agent factory and experiment builder of SAC."""

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
    """Factory of SAC agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: SACParams = instance(SACParams, factory=SACParams)
    """Hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=squashed_actor)
    """Actor: a network from observations to mean and log standard deviation of the Gaussian before tanh."""
    critic_factories: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()
    """Two critics: networks from observations and actions to values; equal ones are computed as one."""

    def create_policy(self, envs: Environments, device: torch.device) -> SACPolicy:
        """Create a squashed Gaussian policy."""
        actor = self.actor_factory.create_module(envs, device)
        return SACPolicy(actor, deterministic_eval=self.params.deterministic_eval, noise=self.params.exploration_noise)

    def create_algorithm(self, policy: SACPolicy, envs: Environments, setup: Setup) -> SAC:
        """Create the algorithm; features shared with the actor are trained by the critics' loss alone."""
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
    """Builder of experiments with Soft Actor-Critic."""

    agent_class = SACAgentFactory

    def with_sac_params(self, params: SACParams) -> Self:
        """Set the hyperparameters of SAC."""
        return self._with_agent(params=params)
