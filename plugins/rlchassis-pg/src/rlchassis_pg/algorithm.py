"""REINFORCE: actions become likelier by the return that followed them. There is no critic."""

from __future__ import annotations

import torch
from attrs import define, frozen
from torch import Generator, Tensor

from rlchassis.api import Algorithm, Experience, Metrics, Observation, Optimizer, TensorStruct, UpdateResult, gradient_step, one_graph
from rlchassis_pg.loss import reinforce_loss
from rlchassis_pg.params import PGParams
from rlchassis_pg.returns import monte_carlo_returns, standardized
from rlchassis_toolkit import StochasticPolicy


@frozen(eq=False)
class PGBatch(TensorStruct):
    """Actions and what followed them; [T, N, …], flattened by the trainer."""

    obs: Observation
    actions: Tensor
    returns: Tensor


@define(eq=False)
class PG(Algorithm[PGBatch]):
    """Learns a stochastic policy from whole returns."""

    policy: StochasticPolicy
    optimizer: Optimizer
    params: PGParams

    @torch.no_grad()
    def prepare(self, experience: Experience, rng: Generator) -> PGBatch:
        """Add up what followed each action."""
        returns = monte_carlo_returns(experience, self.params.gamma)
        if self.params.return_standardization:
            returns = standardized(returns, experience.valid)
        return PGBatch(experience.obs, experience.actions, returns)

    def update(self, batch: PGBatch, count: int) -> UpdateResult:
        """Step up the policy gradient."""
        return UpdateResult(self._learn(batch))

    @one_graph
    def _learn(self, batch: PGBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch, max_norm=self.params.max_grad_norm)

    def _loss(self, batch: PGBatch) -> tuple[Tensor, Metrics]:
        """Tensors in, tensors out."""
        log_probs, entropies = self.policy.log_prob_and_entropy(batch.obs, batch.actions)
        actor, entropy = reinforce_loss(log_probs, batch.returns), entropies.mean()
        loss = actor - self.params.ent_coef * entropy if self.params.ent_coef else actor
        return loss, {"policy_loss": actor, "entropy": entropy}
