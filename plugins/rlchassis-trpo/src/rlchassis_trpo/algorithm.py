"""Trust Region Policy Optimization: natural gradient steps within a KL bound, by line search (Schulman et al. 2015)."""

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
from rlchassis_toolkit import (
    ActionDistribution,
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
from rlchassis_trpo.loss import longest_step_size, surrogate_loss
from rlchassis_trpo.params import TRPOParams


@frozen(eq=False)
class TRPOBatch(RolloutBatch):
    """A rollout [T, N, …] with log-probabilities and values before the update; the trainer flattens it into minibatches [B, …]."""

    old_log_probs: Tensor
    values: Tensor
    returns: Tensor
    advantages: Tensor


@define(eq=False)
class TRPO(Algorithm[TRPOBatch]):
    """TRPO with a stochastic policy, updated within a trust region, and a critic with an optimizer of its own parameters."""

    policy: StochasticPolicy
    critic: nn.Module
    optimizer: Optimizer
    params: TRPOParams
    return_scale: ReturnScale | None = None

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> TRPOBatch:
        """Compute old log-probabilities, and values, returns and advantages (GAE), before the update."""
        params, seen = self.params, self.policy.recall(experience)
        gae = update_scale_and_compute_gae(seen, self.critic, params.gamma, params.gae_lambda, self.return_scale)
        old_log_probs = by_row(self.policy.log_prob, seen.obs, experience.actions)
        return TRPOBatch(self.policy.recorded(experience), experience.actions, old_log_probs, *gae)

    @torch.no_grad()
    def rollout_metrics(self, batch: TRPOBatch) -> Metrics:
        """Explained variance of the returns by the values before the update."""
        return {"explained_variance": explained_variance(batch.values, batch.returns)}

    def update(self, batch: TRPOBatch, count: int) -> UpdateResult:
        """Take one trust region step of the actor, then `optim_critic_iters` gradient steps of the critic, none of the memory."""
        metrics = self._step_actor(batch)
        with torch.no_grad():
            judged = evolve(batch, obs=self.policy.features(batch.obs))
        for _ in range(self.params.optim_critic_iters):
            critic = self._step_critic(judged)
        return UpdateResult({**metrics, **critic_metrics(critic, loss="value_loss")})

    def _step_actor(self, batch: TRPOBatch) -> Metrics:
        """Minimise L(θ) where E[ D(π ‖ π_θ) ] ≤ δ   (Schulman et al. 2015, eq. 12 and appendix C)."""
        params, parameters = self.params, unique_parameters(self.policy)
        if params.advantage_normalization:
            batch = evolve(batch, advantages=normalized(batch.advantages))
        distribution = self.policy.distribution(self.policy.features(batch.obs))
        loss = _loss(distribution, batch)
        fisher = fisher_vector_product(distribution, parameters, params.damping)
        direction = conjugate_gradient(fisher, -flat_gradient(loss, parameters), params.cg_iterations)
        size = longest_step_size(direction, fisher(direction), params.max_kl)
        old = detached(distribution)
        return {**self._search(direction, size, batch, old, loss.detach()), "entropy": old.entropy().mean()}

    @torch.no_grad()
    def _search(self, direction: Tensor, size: Tensor, batch: TRPOBatch, old: ActionDistribution, loss: Tensor) -> Metrics:
        """Backtracking line search for a step of KL divergence at most δ that decreases the loss; no step after max_backtracks."""
        params, parameters = self.params, unique_parameters(self.policy)
        start, step = flattened(parameters), size * direction
        for backtracks in range(params.max_backtracks + 1):
            fraction = params.backtrack_coeff**backtracks
            assign_(parameters, start + fraction * step)
            new = self.policy.distribution(self.policy.features(batch.obs))
            divergence, new_loss = old.kl(new).mean(), _loss(new, batch)
            if divergence <= params.max_kl and new_loss < loss:
                return {"policy_loss": new_loss, "kl": divergence, "step_size": fraction * size, "backtracks": torch.tensor(backtracks)}
        assign_(parameters, start)
        none = torch.zeros_like(loss)
        return {"policy_loss": loss, "kl": none, "step_size": none, "backtracks": torch.tensor(params.max_backtracks)}

    @one_graph
    def _step_critic(self, batch: TRPOBatch) -> Metrics:
        return gradient_step(self.optimizer, self._critic_loss, batch)

    def _critic_loss(self, batch: TRPOBatch) -> tuple[Tensor, Metrics]:
        return value_loss(self.critic(batch.obs), batch.returns), {}


def _loss(distribution: ActionDistribution, batch: TRPOBatch) -> Tensor:
    return surrogate_loss(distribution.log_prob(batch.actions), batch.old_log_probs, batch.advantages)
