"""How a PG agent is made, and the builder that configures one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_pg.algorithm import PG
from rlchassis_pg.params import PGParams
from rlchassis_toolkit import StochasticActorMethods, StochasticAgentFactory, StochasticPolicy, unique_parameters


@frozen(kw_only=True)
class PGAgentFactory(StochasticAgentFactory):
    """Describes a PG agent."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 2048, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: PGParams = instance(PGParams, factory=PGParams)
    """The hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> PG:
        """One optimizer over the actor."""
        return PG(policy, self.create_optimizer(unique_parameters(policy), "actor", setup), self.params)


class PGExperimentBuilder(StochasticActorMethods[PGAgentFactory]):
    """Assembles an experiment with the policy gradient, REINFORCE."""

    agent_class = PGAgentFactory

    def with_pg_params(self, params: PGParams) -> Self:
        """Set the hyperparameters of PG."""
        return self._with_agent(params=params)
