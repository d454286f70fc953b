"""REINFORCE: policy gradient weighted by Monte-Carlo returns, without a critic (Williams 1992)."""

from __future__ import annotations

import torch
from attrs import define, frozen
from torch import Generator, Tensor

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, UpdateResult, gradient_step, one_graph
from rlchassis_pg.loss import reinforce_loss
from rlchassis_pg.params import PGParams
from rlchassis_pg.returns import monte_carlo_returns, standardized
from rlchassis_toolkit import RolloutBatch, StochasticPolicy


@frozen(eq=False)
class PGBatch(RolloutBatch):
    """Actions and returns of a rollout [T, N, …], which the trainer flattens into minibatches [B, …]."""

    returns: Tensor


@define(eq=False)
class PG(Algorithm[PGBatch]):
    """REINFORCE with a stochastic policy and one optimizer."""

    policy: StochasticPolicy
    optimizer: Optimizer
    params: PGParams

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> PGBatch:
        """Compute Monte-Carlo returns, standardized where params say so."""
        returns = monte_carlo_returns(experience, self.params.gamma)
        if self.params.return_standardization:
            returns = standardized(returns, experience.valid)
        return PGBatch(self.policy.recorded(experience), experience.actions, returns)

    def update(self, batch: PGBatch, count: int) -> UpdateResult:
        """Take one gradient step on the REINFORCE loss and the entropy bonus."""
        return UpdateResult(self._learn(batch))

    @one_graph
    def _learn(self, batch: PGBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch, max_norm=self.params.max_grad_norm)

    def _loss(self, batch: PGBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch."""
        log_probs, entropies = self.policy.log_prob_and_entropy(self.policy.features(batch.obs), batch.actions)
        actor, entropy = reinforce_loss(log_probs, batch.returns), entropies.mean()
        loss = actor - self.params.ent_coef * entropy if self.params.ent_coef else actor
        return loss, {"policy_loss": actor, "entropy": entropy}
