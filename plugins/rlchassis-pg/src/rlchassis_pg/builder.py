"""How a PG agent is made, and the builder that lets users say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OnPolicyTrainer, Setup, instance
from rlchassis_pg.algorithm import PG
from rlchassis_pg.params import PGParams
from rlchassis_toolkit import ActorFactory, ActorFactoryDefault, StochasticActorMethods, StochasticPolicy, unique_parameters


@frozen(kw_only=True)
class PGAgentFactory(AgentFactory):
    """The recipe for a PG agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 2048, "repeat_per_collect": 1, "num_test_episodes": 10}

    params: PGParams = instance(PGParams, factory=PGParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=ActorFactoryDefault)
    """The network that acts."""

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples from its actor's distribution."""
        actor = self.actor_factory.create_module(envs, device)
        return StochasticPolicy(actor, deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> PG:
        """One optimizer over the actor."""
        optimizer = setup.optimizer(unique_parameters(policy), self.params.lr, "actor", self.params.lr_scheduler_factory)
        return PG(policy, optimizer, self.params)


class PGExperimentBuilder(StochasticActorMethods[PGAgentFactory]):
    """Assembles an experiment with the policy gradient, REINFORCE."""

    agent_class = PGAgentFactory

    def with_pg_params(self, params: PGParams) -> Self:
        """Set the hyperparameters of PG."""
        return self._with_agent(params=params)
