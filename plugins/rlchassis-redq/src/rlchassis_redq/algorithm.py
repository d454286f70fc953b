"""Randomized ensembled double Q-learning: many updates per step, targets by random subsets of an ensemble (Chen et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from attrs import define, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, TensorStruct, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_redq.loss import policy_loss, subset_target
from rlchassis_redq.params import REDQParams
from rlchassis_toolkit import (
    SquashedGaussianPolicy,
    Temperature,
    actor_metrics,
    critic_metrics,
    n_step_transition,
    polyak_update,
    squared_loss,
    td_metrics,
)


@frozen(eq=False)
class REDQBatch(TensorStruct):
    """Transitions [B], standard normal noise ε [B, D] for the policy's actions at s and at s′, and the subset of target critics."""

    transition: Transition
    noise: Tensor
    next_noise: Tensor
    subset: Tensor
    """Indices of the target critics that form the target, [M]."""


@define(eq=False)
class REDQ(Algorithm[REDQBatch]):
    """REDQ with a squashed Gaussian policy, N critics and a fixed or learned temperature; one optimizer each."""

    policy: SquashedGaussianPolicy
    critics: nn.Module
    target_critics: nn.Module
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    temperature: Temperature
    params: REDQParams

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> REDQBatch:
        """Compute n-step transitions from windows [n, B, …]; draw the noise and the subset of critics."""
        transition = n_step_transition(experience, self.params.gamma)
        noise, next_noise = (torch.empty_like(transition.actions).normal_(generator=rng) for _ in range(2))
        order = torch.randperm(self.params.ensemble_size, generator=rng, device=rng.device)
        return REDQBatch(transition, noise, next_noise, order[: self.params.subset_size])

    def numbers_of_policy(self) -> dict[str, float]:
        """The learned temperature."""
        return self.temperature.numbers()

    def restore_numbers_of_policy(self, numbers: Mapping[str, float]) -> None:
        """Begin with the temperature that the restored policy was stored with."""
        self.temperature.begin_with(numbers)

    def update(self, batch: REDQBatch, count: int) -> UpdateResult:
        """Take one gradient step of the critics and a Polyak update; every `actor_delay` updates, one of actor and temperature."""
        metrics = self._update_critics(batch)
        priorities = metrics.pop("errors")
        if (count + 1) % self.params.actor_delay == 0:
            metrics |= self._act_better(batch)
        return UpdateResult(metrics, priorities)

    @one_graph
    def _update_critics(self, batch: REDQBatch) -> Metrics:
        critic = gradient_step(self.critic_optimizer, self._critic_loss, batch)
        polyak_update(self.target_critics, self.critics, self.params.tau)
        return critic_metrics(critic)

    @one_graph
    def _act_better(self, batch: REDQBatch) -> Metrics:
        actor = gradient_step(self.actor_optimizer, self._policy_loss, batch)
        entropies = actor.pop("entropies")
        temperature = self.temperature.learn(entropies, batch.transition.weights)
        return {**actor_metrics(actor), "entropy": entropies.mean(), **temperature}

    def _critic_loss(self, batch: REDQBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; TD errors are [B], averaged over the critics."""
        step, targets = batch.transition, self._targets(batch)
        values = self.critics(step.obs, step.actions)
        return squared_loss(values, targets, step.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: REDQBatch) -> Tensor:
        step = batch.transition
        actions, log_probs = self.policy.distribution(step.next_obs).at(batch.next_noise)
        values = self.target_critics(step.next_obs, actions, members=batch.subset)
        return subset_target(step.rewards, step.discounts, values, log_probs, self.temperature.alpha, self.params.target_mode)

    def _policy_loss(self, batch: REDQBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; entropies are [B], estimated by one action each."""
        step = batch.transition
        actions, log_probs = self.policy.distribution(step.obs).at(batch.noise)
        values = self.critics(step.obs, actions)
        return policy_loss(values, log_probs, self.temperature.alpha, step.weights), {"entropies": -log_probs}
