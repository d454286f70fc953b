"""Soft Actor-Critic for discrete actions: expectations over all actions replace samples (Christodoulou 2019)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from attrs import define
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Observation, Optimizer, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_discrete_sac.loss import entropy_of, largest_entropy_share, log_probs_of, policy_loss, soft_target, values_of
from rlchassis_discrete_sac.params import DiscreteSACParams
from rlchassis_toolkit import (
    Categorical,
    MaskedActor,
    StochasticPolicy,
    Temperature,
    actor_metrics,
    critic_metrics,
    n_step_transition,
    polyak_update,
    squared_loss,
    td_metrics,
)


@define(eq=False)
class DiscreteSAC(Algorithm[Transition]):
    """Discrete SAC with a categorical policy, two critics and a fixed or learned temperature; one optimizer each."""

    policy: StochasticPolicy
    critics: nn.Module
    target_critics: nn.Module
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    temperature: Temperature
    params: DiscreteSACParams

    def prepare(self, experience: Experience, rng: Generator) -> Transition:
        """Compute n-step transitions from windows [n, B, …]."""
        return n_step_transition(experience, self.params.gamma)

    def numbers_of_policy(self) -> dict[str, float]:
        """The learned temperature."""
        return self.temperature.numbers()

    def restore_numbers_of_policy(self, numbers: Mapping[str, float]) -> None:
        """Begin with the temperature that the restored policy was stored with."""
        self.temperature.begin_with(numbers)

    def update(self, batch: Transition, count: int) -> UpdateResult:
        """Take one gradient step of critics, actor and temperature, then a Polyak update of the target critics."""
        metrics = self._learn(batch)
        return UpdateResult(metrics, priorities=metrics.pop("errors"))

    @one_graph
    def _learn(self, batch: Transition) -> Metrics:
        critic = gradient_step(self.critic_optimizer, self._critic_loss, batch)
        actor = gradient_step(self.actor_optimizer, self._policy_loss, batch)
        entropies, shares = actor.pop("entropies"), actor.pop("shares", None)
        temperature = self.temperature.learn(entropies, batch.weights, shares)
        polyak_update(self.target_critics, self.critics, self.params.tau)
        return {**critic_metrics(critic), **actor_metrics(actor), "entropy": entropies.mean(), **temperature}

    def _critic_loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; TD errors are [B], averaged over the critics."""
        targets = self._targets(batch)
        values = values_of(batch.actions, self.critics(batch.obs))
        return squared_loss(values, targets, batch.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: Transition) -> Tensor:
        values, log_probs = self.target_critics(batch.next_obs), self._log_probs(batch.next_obs)
        return soft_target(batch.rewards, batch.discounts, values, log_probs, self.temperature.alpha)

    def _policy_loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; entropies are [B], as are the shares of the target entropy that fit action masks."""
        with torch.no_grad():
            values = self.critics(batch.obs)
        log_probs = self._log_probs(batch.obs)
        shares = {"shares": largest_entropy_share(log_probs)} if isinstance(self.policy.actor, MaskedActor) else {}
        loss = policy_loss(values, log_probs, self.temperature.alpha, batch.weights)
        return loss, {"entropies": entropy_of(log_probs), **shares}

    def _log_probs(self, obs: Observation) -> Tensor:
        distribution: Categorical = self.policy.actor(obs)
        return log_probs_of(distribution.logits)
