"""Agent factory and experiment builder of discrete SAC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import torch
from attrs import frozen
from torch import nn

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_discrete_sac.algorithm import DiscreteSAC
from rlchassis_discrete_sac.params import DiscreteSACParams
from rlchassis_toolkit import (
    ActionCriticFactory,
    ActorFactory,
    ActorFactoryDefault,
    MaskedActor,
    StochasticPolicy,
    TwoCriticsMethods,
    create_critics,
    create_optimizers,
    create_temperature,
    joint_actions,
    log_joint_actions,
    masked,
    network_field,
    seen_by_networks,
    target_copy,
    two_critics,
)


def _actor() -> ActorFactoryDefault:
    return ActorFactoryDefault((256, 256), nn.ReLU)


@frozen(kw_only=True)
class DiscreteSACAgentFactory(AgentFactory):
    """Factory of discrete SAC agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 100_000,
        "num_test_episodes": 10,
    }

    params: DiscreteSACParams = instance(DiscreteSACParams, factory=DiscreteSACParams)
    """Hyperparameters."""
    actor_factory: ActorFactory = network_field(ActorFactory, _actor)
    """Actor: a network from observations to a categorical distribution over the actions."""
    critic_factories: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()
    """Two critics: networks from observations to one value per action; equal ones are computed as one."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """Create a categorical policy over joint actions; UnsupportedSpaceError for continuous ones, and where there are too many."""
        joint = joint_actions(envs, "discrete SAC")
        actor = masked(self.actor_factory.create_module(seen_by_networks(joint), device), joint, MaskedActor)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval, joint_actions=True)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> DiscreteSAC:
        """Create the algorithm; features shared with the actor are trained by the critics' loss alone."""
        params, joint = self.params, joint_actions(envs, "discrete SAC")
        log_joint_actions(envs)
        critics = create_critics(self.critic_factories, joint, setup.device, policy.actor)
        return DiscreteSAC(
            policy,
            critics,
            target_copy(critics),
            *create_optimizers(policy, critics, params, setup),
            create_temperature(params.alpha, joint, setup),
            params,
        )


class DiscreteSACExperimentBuilder(TwoCriticsMethods[DiscreteSACAgentFactory]):
    """Builder of experiments with discrete Soft Actor-Critic."""

    agent_class = DiscreteSACAgentFactory

    def with_sac_params(self, params: DiscreteSACParams) -> Self:
        """Set the hyperparameters of discrete SAC."""
        return self._with_agent(params=params)

    def with_actor_factory(self, actor_factory: ActorFactory) -> Self:
        """Set the actor: a module from observations to a categorical distribution over actions."""
        return self._with_agent(actor_factory=actor_factory)

    def with_actor_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the actor to an MLP with these hidden layers."""
        return self._with_agent(actor_factory=ActorFactoryDefault(hidden_sizes, hidden_activation))
