"""Deep deterministic policy gradient: a critic learns what actions are worth, and the actor climbs what it says."""

from __future__ import annotations

import torch
from attrs import define
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_ddpg.loss import td_target
from rlchassis_ddpg.params import DDPGParams
from rlchassis_toolkit import (
    DeterministicPolicy,
    actor_metrics,
    critic_metrics,
    deterministic_policy_loss,
    n_step_transition,
    polyak_update,
    squared_loss,
    td_metrics,
)


@define(eq=False)
class DDPG(Algorithm[Transition]):
    """Learns a deterministic policy and one critic, each with an optimizer and a target of its own."""

    policy: DeterministicPolicy
    critic: nn.Module
    target_actor: nn.Module
    target_critic: nn.Module
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    params: DDPGParams

    def prepare(self, experience: Experience, rng: Generator) -> Transition:
        """Fold the n rows of each window into one transition."""
        return n_step_transition(experience, self.params.gamma)

    def update(self, batch: Transition, count: int) -> UpdateResult:
        """Step critic and actor, and let the targets follow."""
        metrics = self._learn(batch)
        return UpdateResult(metrics, priorities=metrics.pop("errors"))

    @one_graph
    def _learn(self, batch: Transition) -> Metrics:
        critic = gradient_step(self.critic_optimizer, self._critic_loss, batch)
        actor = gradient_step(self.actor_optimizer, self._policy_loss, batch)
        polyak_update(self.target_critic, self.critic, self.params.tau)
        polyak_update(self.target_actor, self.policy.actor, self.params.tau)
        return {**critic_metrics(critic), **actor_metrics(actor)}

    def _critic_loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Tensors in, tensors out; the errors are [B]."""
        values, targets = self.critic(batch.obs, batch.actions), self._targets(batch)
        return squared_loss(values, targets, batch.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: Transition) -> Tensor:
        next_values = self.target_critic(batch.next_obs, self.target_actor(batch.next_obs))
        return td_target(batch.rewards, batch.discounts, next_values)

    def _policy_loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Tensors in, tensors out."""
        values = self.critic(batch.obs, self.policy.actor(batch.obs))
        return deterministic_policy_loss(values, batch.weights), {}
