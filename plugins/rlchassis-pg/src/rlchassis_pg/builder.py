"""Agent factory and experiment builder of PG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import frozen

from rlchassis.api import Environments, Setup, instance
from rlchassis_pg.algorithm import PG
from rlchassis_pg.params import PGParams
from rlchassis_toolkit import MemoryMethods, StochasticActorMethods, StochasticAgentFactory, StochasticPolicy, unique_parameters


@frozen(kw_only=True)
class PGAgentFactory(StochasticAgentFactory):
    """Factory of PG agents."""

    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 2048, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: PGParams = instance(PGParams, factory=PGParams)
    """Hyperparameters."""

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> PG:
        """Create the algorithm, with one optimizer for the actor."""
        return PG(policy, self.create_optimizer(unique_parameters(policy), "actor", setup), self.params)


class PGExperimentBuilder(StochasticActorMethods[PGAgentFactory], MemoryMethods[PGAgentFactory]):
    """Builder of experiments with the policy gradient, REINFORCE."""

    agent_class = PGAgentFactory

    def with_pg_params(self, params: PGParams) -> Self:
        """Set the hyperparameters of PG."""
        return self._with_agent(params=params)
