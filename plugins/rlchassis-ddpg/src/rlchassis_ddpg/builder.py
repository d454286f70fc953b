"""Agent factory and experiment builder of DDPG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_ddpg.algorithm import DDPG
from rlchassis_ddpg.params import DDPGParams
from rlchassis_toolkit import (
    ActionCriticFactory,
    ActionCriticFactoryDefault,
    ActorFactory,
    DeterministicActorFactoryDefault,
    DeterministicActorMethods,
    DeterministicPolicy,
    OneCriticMethods,
    create_optimizers,
    network_field,
    target_copy,
)


@frozen(kw_only=True)
class DDPGAgentFactory(AgentFactory):
    """Factory of DDPG agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: DDPGParams = instance(DDPGParams, factory=DDPGParams)
    """Hyperparameters."""
    actor_factory: ActorFactory = network_field(ActorFactory, DeterministicActorFactoryDefault)
    """Actor: a network from observations to one action in [−1, 1]."""
    critic_factory: ActionCriticFactory = network_field(ActionCriticFactory, ActionCriticFactoryDefault)
    """Critic: a network from observations and actions to values."""

    def create_policy(self, envs: Environments, device: torch.device) -> DeterministicPolicy:
        """Create a deterministic policy with exploration noise."""
        actor = self.actor_factory.create_module(envs, device)
        return DeterministicPolicy(actor, noise=self.params.exploration_noise)

    def create_algorithm(self, policy: DeterministicPolicy, envs: Environments, setup: Setup) -> DDPG:
        """Create the algorithm; features shared with the actor are trained by the critic's loss alone."""
        params = self.params
        critic = self.critic_factory.create_module(envs, setup.device, policy.actor)
        return DDPG(
            policy,
            critic,
            target_copy(policy.actor),
            target_copy(critic),
            *create_optimizers(policy, critic, params, setup),
            params,
        )


class DDPGExperimentBuilder(DeterministicActorMethods[DDPGAgentFactory], OneCriticMethods[DDPGAgentFactory]):
    """Builder of experiments with deep deterministic policy gradient."""

    agent_class = DDPGAgentFactory

    def with_ddpg_params(self, params: DDPGParams) -> Self:
        """Set the hyperparameters of DDPG."""
        return self._with_agent(params=params)
