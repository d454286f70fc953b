"""REINFORCE (Williams 1992): the whole of a third party's algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import define, field, frozen
from attrs.validators import ge, gt, instance_of, le
from torch import Generator, Tensor

from rlchassis.api import (
    AgentFactory,
    Algorithm,
    Environments,
    Experience,
    ExperimentBuilder,
    Metrics,
    Observation,
    OnPolicyTrainer,
    Optimizer,
    Setup,
    TensorStruct,
    UpdateResult,
    gradient_step,
)
from rlchassis_toolkit import ActorFactory, ActorFactoryDefault, StochasticPolicy, lambda_returns


@frozen(kw_only=True)
class ReinforceParams:
    """Hyperparameters of REINFORCE."""

    lr: float = field(default=1e-2, validator=gt(0))
    """Learning rate."""
    gamma: float = field(default=0.99, validator=[ge(0), le(1)])
    """Discount factor γ."""


@frozen(eq=False)
class ReinforceBatch(TensorStruct):
    """Actions and what came of them."""

    obs: Observation
    actions: Tensor
    returns: Tensor


@define(eq=False)
class Reinforce(Algorithm[ReinforceBatch]):
    """Makes actions likelier by the return that followed them."""

    policy: StochasticPolicy
    optimizer: Optimizer
    params: ReinforceParams

    def prepare(self, experience: Experience, rng: Generator) -> ReinforceBatch:
        """Gₜ = rₜ + γ Gₜ₊₁, cut where the rollout is."""
        nothing = torch.zeros_like(experience.rewards)
        going_on = (~experience.ended).float()
        returns = lambda_returns(experience.rewards, self.params.gamma * going_on, nothing, going_on)
        return ReinforceBatch(experience.obs, experience.actions, returns)

    def update(self, batch: ReinforceBatch, count: int) -> UpdateResult:
        """One step up the policy gradient."""
        return UpdateResult(gradient_step(self.optimizer, self._loss, batch))

    def _loss(self, batch: ReinforceBatch) -> tuple[Tensor, Metrics]:
        advantages = batch.returns - batch.returns.mean()
        return -(self.policy.log_prob(batch.obs, batch.actions) * advantages).mean(), {}


@frozen(kw_only=True)
class ReinforceAgentFactory(AgentFactory):
    """The recipe for a REINFORCE agent."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 200, "repeat_per_collect": 1, "num_test_episodes": 5}

    params: ReinforceParams = field(factory=ReinforceParams, validator=instance_of(ReinforceParams))
    actor_factory: ActorFactory = field(factory=ActorFactoryDefault, validator=instance_of(ActorFactory))

    def create_policy(self, envs: Environments, device: torch.device) -> StochasticPolicy:
        """A policy that samples."""
        return StochasticPolicy(self.actor_factory.create_module(envs, device))

    def create_algorithm(self, policy: StochasticPolicy, envs: Environments, setup: Setup) -> Reinforce:
        """One optimizer over the actor."""
        return Reinforce(policy, setup.optimizer(list(policy.parameters()), self.params.lr, "actor"), self.params)


class ReinforceExperimentBuilder(ExperimentBuilder[ReinforceAgentFactory]):
    """Assembles an experiment with REINFORCE."""

    agent_class = ReinforceAgentFactory

    def with_reinforce_params(self, params: ReinforceParams) -> Self:
        """Set the hyperparameters."""
        return self._with_agent(params=params)
