"""Deep deterministic policy gradient: Q-learning for continuous actions with a deterministic actor (Lillicrap et al. 2016)."""

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
    """DDPG with a deterministic policy and one critic; each has an optimizer and a target network."""

    policy: DeterministicPolicy
    critic: nn.Module
    target_actor: nn.Module
    target_critic: nn.Module
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    params: DDPGParams

    def prepare(self, experience: Experience, rng: Generator) -> Transition:
        """Compute n-step transitions from windows [n, B, …]."""
        return n_step_transition(experience, self.params.gamma)

    def update(self, batch: Transition, count: int) -> UpdateResult:
        """Take one gradient step of critic and actor, then a Polyak update of the target networks."""
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
        """Loss and metrics of a batch; TD errors are [B]."""
        values, targets = self.critic(batch.obs, batch.actions), self._targets(batch)
        return squared_loss(values, targets, batch.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: Transition) -> Tensor:
        next_values = self.target_critic(batch.next_obs, self.target_actor(batch.next_obs))
        return td_target(batch.rewards, batch.discounts, next_values)

    def _policy_loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch."""
        values = self.critic(batch.obs, self.policy.actor(batch.obs))
        return deterministic_policy_loss(values, batch.weights), {}
