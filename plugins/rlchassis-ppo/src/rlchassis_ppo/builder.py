"""Agent factory and experiment builder of PPO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_ppo.algorithm import PPO
from rlchassis_ppo.params import PPOParams
from rlchassis_toolkit import ActorCriticAgentFactory, ActorCriticExperimentBuilder, StochasticPolicy


@frozen(kw_only=True)
class PPOAgentFactory(ActorCriticAgentFactory):
    """Factory of PPO agents."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 2048, "repeat_per_collect": 10, "num_test_episodes": 10}

    params: PPOParams = instance(PPOParams, factory=PPOParams)
    """Hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> PPO:
        """Create the algorithm, with one optimizer for actor and critic."""
        critic = self.create_critic(policy, envs, setup)
        optimizer = self.create_joint_optimizer(policy, critic, setup)
        return PPO(policy, critic, optimizer, self.params, self.create_return_scale(setup))


class PPOExperimentBuilder(ActorCriticExperimentBuilder[PPOAgentFactory]):
    """Builder of experiments with Proximal Policy Optimization."""

    agent_class = PPOAgentFactory

    def with_ppo_params(self, params: PPOParams) -> Self:
        """Set the hyperparameters of PPO."""
        return self._with_agent(params=params)
