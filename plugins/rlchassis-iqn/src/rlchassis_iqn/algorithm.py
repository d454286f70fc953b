"""Implicit quantile networks: not what an action earns in the mean is learned, but how all that it may earn is distributed."""

from __future__ import annotations

import torch
from attrs import define, frozen
from torch import Generator, Tensor

from rlchassis.api import Algorithm, Experience, Metrics, Optimizer, TensorStruct, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_iqn.loss import quantile_huber_loss, quantile_target, quantiles_of
from rlchassis_iqn.network import QuantileNetwork
from rlchassis_iqn.params import IQNParams
from rlchassis_iqn.policy import QuantilePolicy
from rlchassis_toolkit import LinearEps, n_step_transition, polyak_update, td_metrics


@frozen(eq=False)
class IQNBatch(TensorStruct):
    """Transitions [B], with fractions drawn uniformly from [0, 1] for each."""

    transition: Transition
    fractions: Tensor
    """Of the quantiles that are learned, [B, N]."""
    next_fractions: Tensor
    """Of those that they are moved towards, N′, and of those by which the next action is chosen, K: [B, N′ + K]."""


@define(eq=False)
class IQN(Algorithm[IQNBatch]):
    """Learns the quantile network that an ε-greedy policy acts by."""

    policy: QuantilePolicy
    target: QuantileNetwork
    optimizer: Optimizer
    params: IQNParams
    eps_schedule: LinearEps
    """Exploration by progress; callbacks may put another in its place."""

    def set_progress(self, progress: float) -> None:
        """Explore as much as the schedule says."""
        self.policy.eps_training = self.eps_schedule(progress)

    def prepare(self, experience: Experience, rng: Generator) -> IQNBatch:
        """Fold windows of n steps into one step each, and draw fractions."""
        params, transition = self.params, n_step_transition(experience, self.params.gamma)
        sizes = (params.online_sample_size, params.target_sample_size + params.sample_size)
        fractions = (torch.rand(len(transition.rewards), size, generator=rng, device=rng.device) for size in sizes)
        return IQNBatch(transition, *fractions)

    def update(self, batch: IQNBatch, count: int) -> UpdateResult:
        """Step towards the targets, and now and then let the target network catch up."""
        metrics = self._learn(batch)
        if (count + 1) % self.params.target_update_freq == 0:
            polyak_update(self.target, self.policy.network, tau=1.0)
        metrics["epsilon"] = torch.tensor(self.policy.eps_training)
        return UpdateResult(metrics, priorities=metrics.pop("errors"))

    @one_graph
    def _learn(self, batch: IQNBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch)

    def _loss(self, batch: IQNBatch) -> tuple[Tensor, Metrics]:
        """Tensors in, tensors out; the errors are those of the mean quantiles, [B]."""
        step, targets = batch.transition, self._targets(batch)
        quantiles = quantiles_of(step.actions, self.policy.network(step.obs, batch.fractions))
        loss = quantile_huber_loss(quantiles, batch.fractions, targets, step.weights, self.params.huber_loss_delta)
        return loss, td_metrics(quantiles.detach().mean(-1), targets.mean(-1))

    @torch.no_grad()
    def _targets(self, batch: IQNBatch) -> Tensor:
        step, count = batch.transition, self.params.target_sample_size
        quantiles: Tensor = self.target(step.next_obs, batch.next_fractions)
        return quantile_target(step.rewards, step.discounts, quantiles[:, :count], quantiles[:, count:])
