"""Soft Actor-Critic: off-policy maximum-entropy learning with a squashed Gaussian policy (Haarnoja et al. 2018b)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from attrs import define, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import (
    Algorithm,
    Experience,
    Metrics,
    Observation,
    Optimizer,
    TensorStruct,
    Transition,
    UpdateResult,
    gradient_step,
    map_tensors,
    one_graph,
)
from rlchassis_sac.loss import policy_loss, soft_target
from rlchassis_sac.params import SACParams
from rlchassis_toolkit import (
    Memory,
    SquashedGaussianPolicy,
    Temperature,
    actor_metrics,
    critic_metrics,
    polyak_update,
    squared_loss,
    td_metrics,
    update_target_memory,
)


@frozen(eq=False)
class SACBatch(TensorStruct):
    """Transitions [B], with standard normal noise ε [B, D] for the policy's actions at s and at s′."""

    transition: Transition
    noise: Tensor
    next_noise: Tensor


@define(eq=False)
class SAC(Algorithm[SACBatch]):
    """SAC with a squashed Gaussian policy, two critics and a fixed or learned temperature; one optimizer each."""

    policy: SquashedGaussianPolicy
    critics: nn.Module
    target_critics: nn.Module | None
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    temperature: Temperature
    params: SACParams
    target_memory: Memory | None = None
    """Copy of the policy's memory beside the target critics."""

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> SACBatch:
        """Compute n-step transitions from windows [n, B, …]."""
        transition = self.policy.transitions(experience, self.params.gamma)
        noise, next_noise = (torch.empty_like(transition.actions).normal_(generator=rng) for _ in range(2))
        return SACBatch(transition, noise, next_noise)

    def numbers_of_policy(self) -> dict[str, float]:
        """The learned temperature."""
        return self.temperature.numbers()

    def restore_numbers_of_policy(self, numbers: Mapping[str, float]) -> None:
        """Begin with the temperature that the restored policy was stored with."""
        self.temperature.begin_with(numbers)

    def update(self, batch: SACBatch, count: int) -> UpdateResult:
        """Take one gradient step of critics, actor and temperature, then a Polyak update of the target critics."""
        metrics = self._learn(batch)
        return UpdateResult(metrics, priorities=self.policy.priorities(metrics.pop("errors"), batch.transition))

    @one_graph
    def _learn(self, batch: SACBatch) -> Metrics:
        critic = gradient_step(self.critic_optimizer, self._critic_loss, batch)
        actor = gradient_step(self.actor_optimizer, self._policy_loss, batch)
        entropies = actor.pop("entropies")
        temperature = self.temperature.learn(entropies, batch.transition.weights)
        if self.target_critics is not None:
            polyak_update(self.target_critics, self.critics, self.params.tau)
        update_target_memory(self.target_memory, self.policy, self.params.tau)
        return {**critic_metrics(critic), **actor_metrics(actor), "entropy": entropies.mean(), **temperature}

    def _critic_loss(self, batch: SACBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; TD errors are [B], averaged over the critics."""
        step = batch.transition
        obs, next_obs = self.policy.transition_features(step)
        if self.target_critics is None:
            values, targets = self._values_and_targets(batch, obs, next_obs)
        else:
            targets = self._targets(batch, next_obs)
            values = self.critics(obs, step.actions)
        return squared_loss(values, targets, step.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: SACBatch, next_obs: Observation) -> Tensor:
        """Targets [B] of target critics; next_obs: next observations, or features of them, as the actor sees them."""
        assert self.target_critics is not None
        step = batch.transition
        actions, log_probs = self.policy.distribution(next_obs).at(batch.next_noise)
        values = self.target_critics(self.policy.target_features(step, next_obs, self.target_memory), actions)
        return soft_target(step.rewards, step.discounts, values, log_probs, self.temperature.alpha)

    def _values_and_targets(self, batch: SACBatch, obs: Observation, next_obs: Observation) -> tuple[Tensor, Tensor]:
        """Values [n, B] and targets [B] without target critics: both from one batch, which is normalized as one (Bhatt et al. 2024)."""
        step = batch.transition
        with torch.no_grad():
            next_actions, log_probs = self.policy.distribution(next_obs).at(batch.next_noise)
        both = map_tensors(lambda *parts: torch.cat(parts), obs, next_obs)
        values, next_values = self.critics(both, torch.cat([step.actions, next_actions])).chunk(2, -1)
        with torch.no_grad():
            return values, soft_target(step.rewards, step.discounts, next_values, log_probs, self.temperature.alpha)

    def _policy_loss(self, batch: SACBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; entropies are [B], estimated by one action each. No gradient reaches a memory."""
        with torch.no_grad():
            obs = self.policy.features(batch.transition.obs)
        actions, log_probs = self.policy.distribution(obs).at(batch.noise)
        values = self.critics(obs, actions)
        return policy_loss(values, log_probs, self.temperature.alpha, batch.transition.weights), {"entropies": -log_probs}
