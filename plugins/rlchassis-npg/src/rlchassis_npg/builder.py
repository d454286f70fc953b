"""Agent factory and experiment builder of NPG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_npg.algorithm import NPG
from rlchassis_npg.params import NPGParams
from rlchassis_toolkit import ActorCriticAgentFactory, ActorCriticExperimentBuilder, StochasticPolicy


@frozen(kw_only=True)
class NPGAgentFactory(ActorCriticAgentFactory):
    """Factory of NPG agents."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 1024, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: NPGParams = instance(NPGParams, factory=NPGParams)
    """Hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> NPG:
        """Create the algorithm, with an optimizer for the critic; natural gradients update the actor."""
        critic = self.create_critic(policy, envs, setup)
        optimizer = self.create_critic_optimizer(policy, critic, setup)
        return NPG(policy, critic, optimizer, self.params, self.create_return_scale(setup))


class NPGExperimentBuilder(ActorCriticExperimentBuilder[NPGAgentFactory]):
    """Builder of experiments with natural policy gradients."""

    agent_class = NPGAgentFactory

    def with_npg_params(self, params: NPGParams) -> Self:
        """Set the hyperparameters of NPG."""
        return self._with_agent(params=params)
