"""TD3: DDPG with clipped double Q-learning, target policy smoothing and delayed policy updates (Fujimoto et al. 2018)."""

from __future__ import annotations

import torch
from attrs import define, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, TensorStruct, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_td3.loss import cautious_target, smoothed
from rlchassis_td3.params import TD3Params
from rlchassis_toolkit import (
    DeterministicPolicy,
    actor_metrics,
    critic_metrics,
    deterministic_policy_loss,
    first_of,
    n_step_transition,
    polyak_update,
    squared_loss,
    td_metrics,
)


@frozen(eq=False)
class TD3Batch(TensorStruct):
    """Transitions [B], with standard normal noise ε [B, D] for target policy smoothing."""

    transition: Transition
    noise: Tensor


@define(eq=False)
class TD3(Algorithm[TD3Batch]):
    """TD3 with a deterministic policy and two critics; actor and critics have one optimizer each, and target networks."""

    policy: DeterministicPolicy
    critics: nn.Module
    target_actor: nn.Module
    target_critics: nn.Module
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    params: TD3Params

    def prepare(self, experience: Experience, rng: Generator) -> TD3Batch:
        """Compute n-step transitions from windows [n, B, …]."""
        transition = n_step_transition(experience, self.params.gamma)
        return TD3Batch(transition, torch.empty_like(transition.actions).normal_(generator=rng))

    def update(self, batch: TD3Batch, count: int) -> UpdateResult:
        """Take one gradient step of the critics; every d updates, one of the actor and a Polyak update of the target networks."""
        metrics = self._learn_critics(batch)
        errors = metrics.pop("errors")
        if (count + 1) % self.params.update_actor_freq == 0:
            metrics |= self._learn_actor(batch)
        return UpdateResult(metrics, priorities=errors)

    @one_graph
    def _learn_critics(self, batch: TD3Batch) -> Metrics:
        critic = gradient_step(self.critic_optimizer, self._critic_loss, batch)
        return critic_metrics(critic)

    @one_graph
    def _learn_actor(self, batch: TD3Batch) -> Metrics:
        actor = gradient_step(self.actor_optimizer, self._policy_loss, batch)
        polyak_update(self.target_critics, self.critics, self.params.tau)
        polyak_update(self.target_actor, self.policy.actor, self.params.tau)
        return actor_metrics(actor)

    def _critic_loss(self, batch: TD3Batch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; TD errors are [B], averaged over the critics."""
        step, targets = batch.transition, self._targets(batch)
        values = self.critics(step.obs, step.actions)
        return squared_loss(values, targets, step.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: TD3Batch) -> Tensor:
        step, params = batch.transition, self.params
        actions = smoothed(self.target_actor(step.next_obs), batch.noise, params.policy_noise, params.noise_clip)
        return cautious_target(step.rewards, step.discounts, self.target_critics(step.next_obs, actions))

    def _policy_loss(self, batch: TD3Batch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; the first critic alone evaluates the actor's actions (Fujimoto et al. 2018, algorithm 1)."""
        step = batch.transition
        values = first_of(self.critics, step.obs, self.policy.actor(step.obs))
        return deterministic_policy_loss(values, step.weights), {}
