"""Agent factory and experiment builder of TRPO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_toolkit import ActorCriticAgentFactory, ActorCriticExperimentBuilder, StochasticPolicy
from rlchassis_trpo.algorithm import TRPO
from rlchassis_trpo.params import TRPOParams


@frozen(kw_only=True)
class TRPOAgentFactory(ActorCriticAgentFactory):
    """Factory of TRPO agents."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 1024, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: TRPOParams = instance(TRPOParams, factory=TRPOParams)
    """Hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> TRPO:
        """Create the algorithm, with an optimizer for the critic; natural gradients update the actor."""
        critic = self.create_critic(policy, envs, setup)
        optimizer = self.create_critic_optimizer(policy, critic, setup)
        return TRPO(policy, critic, optimizer, self.params, self.create_return_scale(setup))


class TRPOExperimentBuilder(ActorCriticExperimentBuilder[TRPOAgentFactory]):
    """Builder of experiments with Trust Region Policy Optimization."""

    agent_class = TRPOAgentFactory

    def with_trpo_params(self, params: TRPOParams) -> Self:
        """Set the hyperparameters of TRPO."""
        return self._with_agent(params=params)
