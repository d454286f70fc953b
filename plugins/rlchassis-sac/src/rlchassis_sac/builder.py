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
    MemoryFactory,
    MemoryMethods,
    TwoCriticsMethods,
    create_critics,
    create_memory,
    create_optimizers,
    create_temperature,
    network_field,
    network_spaces,
    squashed_actor,
    target_copy,
    target_memory,
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
    actor_factory: ActorFactory = network_field(ActorFactory, squashed_actor)
    """Actor: a network from observations to mean and log standard deviation of the Gaussian before tanh."""
    critic_factories: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()
    """Two critics: networks from observations and actions to values; equal ones are computed as one."""
    memory: MemoryFactory | None = instance(MemoryFactory)
    """Memory, whose features actor and critics see in place of observations; None: none."""

    def create_policy(self, envs: Environments, device: torch.device) -> SACPolicy:
        """Create a squashed Gaussian policy."""
        params, memory = self.params, create_memory(self.memory, envs, device)
        actor = self.actor_factory.create_module(network_spaces(memory, envs), device)
        return SACPolicy(actor, deterministic_eval=params.deterministic_eval, noise=params.exploration_noise, memory=memory)

    def create_algorithm(self, policy: SACPolicy, envs: Environments, setup: Setup) -> SAC:
        """Create the algorithm; features shared with the actor, and a memory, are trained by the critics' loss alone."""
        params = self.params
        critics = create_critics(self.critic_factories, network_spaces(policy.memory, envs), setup.device, policy.actor)
        return SAC(
            policy,
            critics,
            target_copy(critics) if params.target_critics else None,
            *create_optimizers(policy, critics, params, setup),
            create_temperature(params.alpha, envs, setup),
            params,
            target_memory(policy) if params.target_critics else None,
        )


class SACExperimentBuilder(GaussianActorMethods[SACAgentFactory], TwoCriticsMethods[SACAgentFactory], MemoryMethods[SACAgentFactory]):
    """Builder of experiments with Soft Actor-Critic."""

    agent_class = SACAgentFactory

    def with_sac_params(self, params: SACParams) -> Self:
        """Set the hyperparameters of SAC."""
        return self._with_agent(params=params)
