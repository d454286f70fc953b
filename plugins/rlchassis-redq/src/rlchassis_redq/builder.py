"""Agent factory and experiment builder of REDQ."""

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
    network_field,
    squashed_actor,
    target_copy,
)


@frozen(kw_only=True)
class REDQAgentFactory(AgentFactory):
    """Factory of REDQ agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 20,
        "step_per_collect": 1,
        "buffer_size": 1_000_000,
        "num_test_episodes": 10,
    }

    params: REDQParams = instance(REDQParams, factory=REDQParams)
    """Hyperparameters."""
    actor_factory: ActorFactory = network_field(ActorFactory, squashed_actor)
    """Actor: a network from observations to mean and log standard deviation of the Gaussian before tanh."""
    critic_ensemble_factory: ActionCriticFactory = network_field(ActionCriticFactory, ActionCriticFactoryDefault)
    """Each critic of the ensemble: a network from observations and actions to values."""

    def create_policy(self, envs: Environments, device: torch.device) -> SquashedGaussianPolicy:
        """Create a squashed Gaussian policy."""
        return SquashedGaussianPolicy(self.actor_factory.create_module(envs, device), deterministic_eval=self.params.deterministic_eval)

    def create_algorithm(self, policy: SquashedGaussianPolicy, envs: Environments, setup: Setup) -> REDQ:
        """Create the algorithm; features shared with the actor are trained by the critics' loss alone."""
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
    """Builder of experiments with randomized ensembled double Q-learning."""

    agent_class = REDQAgentFactory

    def with_redq_params(self, params: REDQParams) -> Self:
        """Set the hyperparameters of REDQ."""
        return self._with_agent(params=params)
