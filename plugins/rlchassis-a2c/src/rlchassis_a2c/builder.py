"""How an A2C agent is made, and the builder that configures one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_a2c.algorithm import A2C
from rlchassis_a2c.params import A2CParams
from rlchassis_toolkit import ActorCriticAgentFactory, ActorCriticExperimentBuilder, StochasticPolicy


@frozen(kw_only=True)
class A2CAgentFactory(ActorCriticAgentFactory):
    """Describes an A2C agent."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 80, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: A2CParams = instance(A2CParams, factory=A2CParams)
    """The hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> A2C:
        """One optimizer over actor and critic."""
        critic = self.create_critic(policy, envs, setup)
        optimizer = self.create_joint_optimizer(policy, critic, setup)
        return A2C(policy, critic, optimizer, self.params, self.create_return_scale(setup))


class A2CExperimentBuilder(ActorCriticExperimentBuilder[A2CAgentFactory]):
    """Assembles an experiment with advantage actor-critic."""

    agent_class = A2CAgentFactory

    def with_a2c_params(self, params: A2CParams) -> Self:
        """Set the hyperparameters of A2C."""
        return self._with_agent(params=params)
