"""Proximal Policy Optimization: several passes over each rollout with a clipped surrogate objective (Schulman et al. 2017)."""

from __future__ import annotations

import torch
from attrs import define, evolve, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import (
    Algorithm,
    Experience,
    Metrics,
    Optimizer,
    UpdateResult,
    by_row,
    gradient_step,
    one_graph,
)
from rlchassis_ppo.loss import clipped_surrogate_loss, clipped_value_loss
from rlchassis_ppo.metrics import ratio_metrics
from rlchassis_ppo.params import PPOParams
from rlchassis_toolkit import (
    ReturnScale,
    RolloutBatch,
    StochasticPolicy,
    actor_critic_loss,
    compute_gae,
    explained_variance,
    normalized,
    update_scale_and_compute_gae,
    value_loss,
)


@frozen(eq=False)
class PPOBatch(RolloutBatch):
    """A rollout [T, N, …] with log-probabilities and values before the update; the trainer flattens it into minibatches [B, …]."""

    old_log_probs: Tensor
    old_values: Tensor
    returns: Tensor
    advantages: Tensor


@define(eq=False)
class PPO(Algorithm[PPOBatch]):
    """PPO with a stochastic policy, a critic and one optimizer for both."""

    policy: StochasticPolicy
    critic: nn.Module
    optimizer: Optimizer
    params: PPOParams
    return_scale: ReturnScale | None = None

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> PPOBatch:
        """Compute old log-probabilities, and values, returns and advantages (GAE), before the update."""
        seen = self.policy.recall(experience)
        gae = update_scale_and_compute_gae(seen, self.critic, self.params.gamma, self.params.gae_lambda, self.return_scale)
        old_log_probs = by_row(self.policy.log_prob, seen.obs, experience.actions)
        return PPOBatch(self.policy.recorded(experience), experience.actions, old_log_probs, *gae)

    @torch.no_grad()
    def refresh(self, batch: PPOBatch, rollout: Experience) -> PPOBatch:
        """Recompute values, returns and advantages with the current critic; old log-probabilities stay."""
        if not self.params.recompute_advantage:
            return batch
        seen = self.policy.recall(rollout, anew=True)
        values, returns, advantages = compute_gae(seen, self.critic, self.params.gamma, self.params.gae_lambda, self.return_scale)
        return evolve(batch, old_values=values, returns=returns, advantages=advantages)

    @torch.no_grad()
    def rollout_metrics(self, batch: PPOBatch) -> Metrics:
        """Explained variance of the returns by the values before the update."""
        return {"explained_variance": explained_variance(batch.old_values, batch.returns)}

    def update(self, batch: PPOBatch, count: int) -> UpdateResult:
        """Take one gradient step on the policy loss, value loss and entropy bonus."""
        return UpdateResult(self._learn(batch))

    @one_graph
    def _learn(self, batch: PPOBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch, max_norm=self.params.max_grad_norm)

    def _loss(self, batch: PPOBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch."""
        params, obs = self.params, self.policy.features(batch.obs)
        log_probs, entropies = self.policy.log_prob_and_entropy(obs, batch.actions)
        values, entropy = self.critic(obs), entropies.mean()
        advantages = normalized(batch.advantages) if params.advantage_normalization else batch.advantages
        actor = clipped_surrogate_loss(log_probs, batch.old_log_probs, advantages, params.eps_clip, params.dual_clip)
        critic = (
            clipped_value_loss(values, batch.old_values, batch.returns, params.eps_clip)
            if params.value_clip
            else value_loss(values, batch.returns)
        )
        loss = actor_critic_loss(actor, critic, entropy, params.vf_coef, params.ent_coef)
        change = ratio_metrics(log_probs.detach(), batch.old_log_probs, params.eps_clip)
        return loss, {"policy_loss": actor, "value_loss": critic, "entropy": entropy, **change}
