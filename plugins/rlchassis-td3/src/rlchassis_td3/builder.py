"""Agent factory and experiment builder of TD3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_td3.algorithm import TD3
from rlchassis_td3.params import TD3Params
from rlchassis_toolkit import (
    ActionCriticFactory,
    ActorFactory,
    DeterministicActorFactoryDefault,
    DeterministicActorMethods,
    DeterministicPolicy,
    TwoCriticsMethods,
    create_critics,
    create_optimizers,
    network_field,
    target_copy,
    two_critics,
)


@frozen(kw_only=True)
class TD3AgentFactory(AgentFactory):
    """Factory of TD3 agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: TD3Params = instance(TD3Params, factory=TD3Params)
    """Hyperparameters."""
    actor_factory: ActorFactory = network_field(ActorFactory, DeterministicActorFactoryDefault)
    """Actor: a network from observations to one action in [−1, 1]."""
    critic_factories: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()
    """Two critics: networks from observations and actions to values; equal ones are computed as one."""

    def create_policy(self, envs: Environments, device: torch.device) -> DeterministicPolicy:
        """Create a deterministic policy with exploration noise."""
        actor = self.actor_factory.create_module(envs, device)
        return DeterministicPolicy(actor, noise=self.params.exploration_noise)

    def create_algorithm(self, policy: DeterministicPolicy, envs: Environments, setup: Setup) -> TD3:
        """Create the algorithm; features shared with the actor are trained by the critics' loss alone."""
        params = self.params
        critics = create_critics(self.critic_factories, envs, setup.device, policy.actor)
        return TD3(
            policy,
            critics,
            target_copy(policy.actor),
            target_copy(critics),
            *create_optimizers(policy, critics, params, setup),
            params,
        )


class TD3ExperimentBuilder(DeterministicActorMethods[TD3AgentFactory], TwoCriticsMethods[TD3AgentFactory]):
    """Builder of experiments with TD3."""

    agent_class = TD3AgentFactory

    def with_td3_params(self, params: TD3Params) -> Self:
        """Set the hyperparameters of TD3."""
        return self._with_agent(params=params)
