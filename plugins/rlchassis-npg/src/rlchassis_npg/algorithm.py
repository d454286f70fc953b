"""Natural policy gradient: policy gradient steps preconditioned by the inverse Fisher matrix (Kakade 2001)."""

from __future__ import annotations

import torch
from attrs import define, evolve, frozen
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, UpdateResult, gradient_step, one_graph
from rlchassis_npg.loss import policy_gradient_loss
from rlchassis_npg.params import NPGParams
from rlchassis_toolkit import (
    ReturnScale,
    RolloutBatch,
    StochasticPolicy,
    assign_,
    conjugate_gradient,
    critic_metrics,
    detached,
    explained_variance,
    fisher_vector_product,
    flat_gradient,
    flattened,
    normalized,
    unique_parameters,
    update_scale_and_compute_gae,
    value_loss,
)


@frozen(eq=False)
class NPGBatch(RolloutBatch):
    """Actions, values, returns and advantages of a rollout [T, N, …], which the trainer flattens into minibatches [B, …]."""

    values: Tensor
    returns: Tensor
    advantages: Tensor


@define(eq=False)
class NPG(Algorithm[NPGBatch]):
    """NPG with a stochastic policy, updated by natural gradients, and a critic with an optimizer of its own parameters."""

    policy: StochasticPolicy
    critic: nn.Module
    optimizer: Optimizer
    params: NPGParams
    return_scale: ReturnScale | None = None

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> NPGBatch:
        """Compute values, returns and advantages (GAE) with the critic before the update."""
        params, seen = self.params, self.policy.recall(experience)
        gae = update_scale_and_compute_gae(seen, self.critic, params.gamma, params.gae_lambda, self.return_scale)
        return NPGBatch(self.policy.recorded(experience), experience.actions, *gae)

    @torch.no_grad()
    def rollout_metrics(self, batch: NPGBatch) -> Metrics:
        """Explained variance of the returns by the values before the update."""
        return {"explained_variance": explained_variance(batch.values, batch.returns)}

    def update(self, batch: NPGBatch, count: int) -> UpdateResult:
        """Take one natural gradient step of the actor, then `optim_critic_iters` gradient steps of the critic, none of the memory."""
        metrics = self._step_actor(batch)
        with torch.no_grad():
            judged = evolve(batch, obs=self.policy.features(batch.obs))
        for _ in range(self.params.optim_critic_iters):
            critic = self._step_critic(judged)
        return UpdateResult({**metrics, **critic_metrics(critic, loss="value_loss")})

    def _step_actor(self, batch: NPGBatch) -> Metrics:
        """θ ← θ + α F⁻¹ ∇E[log π(a|s) A]   (Kakade 2001, section 2)."""
        params, parameters = self.params, unique_parameters(self.policy)
        distribution = self.policy.distribution(self.policy.features(batch.obs))
        advantages = normalized(batch.advantages) if params.advantage_normalization else batch.advantages
        loss = policy_gradient_loss(distribution.log_prob(batch.actions), advantages)
        fisher = fisher_vector_product(distribution, parameters, params.damping)
        direction = conjugate_gradient(fisher, -flat_gradient(loss, parameters), params.cg_iterations)
        old = detached(distribution)
        with torch.no_grad():
            assign_(parameters, flattened(parameters) + params.actor_step_size * direction)
            divergence = old.kl(self.policy.distribution(self.policy.features(batch.obs))).mean()
            return {"policy_loss": loss.detach(), "kl": divergence, "entropy": old.entropy().mean()}

    @one_graph
    def _step_critic(self, batch: NPGBatch) -> Metrics:
        return gradient_step(self.optimizer, self._critic_loss, batch)

    def _critic_loss(self, batch: NPGBatch) -> tuple[Tensor, Metrics]:
        return value_loss(self.critic(batch.obs), batch.returns), {}
