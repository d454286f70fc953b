"""Advantage actor-critic: one gradient step per minibatch of a rollout, each used once (Mnih et al. 2016)."""

from __future__ import annotations

import torch
from attrs import define, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, UpdateResult, gradient_step, one_graph
from rlchassis_a2c.loss import policy_gradient_loss
from rlchassis_a2c.params import A2CParams
from rlchassis_toolkit import (
    ReturnScale,
    RolloutBatch,
    StochasticPolicy,
    actor_critic_loss,
    explained_variance,
    normalized,
    update_scale_and_compute_gae,
    value_loss,
)


@frozen(eq=False)
class A2CBatch(RolloutBatch):
    """Actions, values, returns and advantages of a rollout [T, N, …], which the trainer flattens into minibatches [B, …]."""

    values: Tensor
    returns: Tensor
    advantages: Tensor


@define(eq=False)
class A2C(Algorithm[A2CBatch]):
    """A2C with a stochastic policy, a critic and one optimizer for both."""

    policy: StochasticPolicy
    critic: nn.Module
    optimizer: Optimizer
    params: A2CParams
    return_scale: ReturnScale | None = None

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> A2CBatch:
        """Compute values, returns and advantages (GAE) with the critic before the update."""
        seen = self.policy.recall(experience)
        gae = update_scale_and_compute_gae(seen, self.critic, self.params.gamma, self.params.gae_lambda, self.return_scale)
        return A2CBatch(self.policy.recorded(experience), experience.actions, *gae)

    @torch.no_grad()
    def rollout_metrics(self, batch: A2CBatch) -> Metrics:
        """Explained variance of the returns by the values before the update."""
        return {"explained_variance": explained_variance(batch.values, batch.returns)}

    def update(self, batch: A2CBatch, count: int) -> UpdateResult:
        """Take one gradient step on the policy loss, value loss and entropy bonus."""
        return UpdateResult(self._learn(batch))

    @one_graph
    def _learn(self, batch: A2CBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch, max_norm=self.params.max_grad_norm)

    def _loss(self, batch: A2CBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch."""
        params, obs = self.params, self.policy.features(batch.obs)
        log_probs, entropies = self.policy.log_prob_and_entropy(obs, batch.actions)
        advantages = normalized(batch.advantages) if params.advantage_normalization else batch.advantages
        actor, critic = policy_gradient_loss(log_probs, advantages), value_loss(self.critic(obs), batch.returns)
        entropy = entropies.mean()
        loss = actor_critic_loss(actor, critic, entropy, params.vf_coef, params.ent_coef)
        return loss, {"policy_loss": actor, "value_loss": critic, "entropy": entropy}
