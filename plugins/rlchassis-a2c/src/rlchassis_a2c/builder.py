"""Agent factory and experiment builder of A2C."""

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
    """Factory of A2C agents."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 80, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: A2CParams = instance(A2CParams, factory=A2CParams)
    """Hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> A2C:
        """Create the algorithm, with one optimizer for actor and critic."""
        critic = self.create_critic(policy, envs, setup)
        optimizer = self.create_joint_optimizer(policy, critic, setup)
        return A2C(policy, critic, optimizer, self.params, self.create_return_scale(setup))


class A2CExperimentBuilder(ActorCriticExperimentBuilder[A2CAgentFactory]):
    """Builder of experiments with advantage actor-critic."""

    agent_class = A2CAgentFactory

    def with_a2c_params(self, params: A2CParams) -> Self:
        """Set the hyperparameters of A2C."""
        return self._with_agent(params=params)
