"""How a REDQ agent is made, and the builder that configures one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_redq.algorithm import REDQ
from rlchassis_redq.params import REDQParams
from rlchassis_toolkit import (
    ActionCriticFactory,
    ActionCriticFactoryDefault,
    ActorFactory,
    CriticEnsembleMethods,
    GaussianActorMethods,
    SquashedGaussianPolicy,
    create_optimizers,
    create_temperature,
    squashed_actor,
    target_copy,
)


@frozen(kw_only=True)
class REDQAgentFactory(AgentFactory):
    """Describes a REDQ agent."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 20,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: REDQParams = instance(REDQParams, factory=REDQParams)
    """The hyperparameters."""
    actor_factory: ActorFactory = instance(ActorFactory, factory=squashed_actor)
    """The network that acts: mean and log standard deviation before the squash."""
    critic_ensemble_factory: ActionCriticFactory = instance(ActionCriticFactory, factory=ActionCriticFactoryDefault)
    """What each of the networks that judge is."""

    def create_policy(self, envs: Environments, device: torch.device) -> SquashedGaussianPolicy:
        """A squashed Gaussian."""
        return SquashedGaussianPolicy(self.actor_factory.create_module(envs, device), deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: SquashedGaussianPolicy, envs: Environments, setup: Setup) -> REDQ:
        """Features that the critics share with the actor are learned by the critics alone."""
        params = self.params
        critics = self.critic_ensemble_factory.create_ensemble(params.ensemble_size, envs, setup.device, policy.actor)
        return REDQ(
            policy,
            critics,
            target_copy(critics),
            *create_optimizers(policy, critics, params, setup),
            create_temperature(params.alpha, envs, setup),
            params,
        )


class REDQExperimentBuilder(GaussianActorMethods[REDQAgentFactory], CriticEnsembleMethods[REDQAgentFactory]):
    """Assembles an experiment with randomized ensembled double Q-learning."""

    agent_class = REDQAgentFactory

    def with_redq_params(self, params: REDQParams) -> Self:
        """Set the hyperparameters of REDQ."""
        return self._with_agent(params=params)
