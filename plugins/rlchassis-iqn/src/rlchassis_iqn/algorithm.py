"""Implicit quantile networks: the distribution of returns is learned by quantile regression (Dabney et al. 2018b)."""

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
    """Transitions [B], with quantile fractions τ drawn uniformly from [0, 1] for each."""

    transition: Transition
    fractions: Tensor
    """τ of the online network, [B, N]."""
    next_fractions: Tensor
    """τ′ of the targets (N′), then those for selecting the next action (K), [B, N′ + K]."""


@define(eq=False)
class IQN(Algorithm[IQNBatch]):
    """IQN with the quantile network of an ε-greedy policy, its target network and one optimizer."""

    policy: QuantilePolicy
    target: QuantileNetwork
    optimizer: Optimizer
    params: IQNParams
    eps_schedule: LinearEps
    """Schedule of the exploration rate ε over the run; callbacks can replace it."""

    def set_progress(self, progress: float) -> None:
        """Set the exploration rate ε from the schedule."""
        self.policy.eps_training = self.eps_schedule(progress)

    def prepare(self, experience: Experience, rng: Generator) -> IQNBatch:
        """Compute n-step transitions from windows [n, B, …] and draw quantile fractions."""
        params, transition = self.params, n_step_transition(experience, self.params.gamma)
        sizes = (params.online_sample_size, params.target_sample_size + params.sample_size)
        fractions = (torch.rand(len(transition.rewards), size, generator=rng, device=rng.device) for size in sizes)
        return IQNBatch(transition, *fractions)

    def update(self, batch: IQNBatch, count: int) -> UpdateResult:
        """Take one gradient step on the quantile Huber loss; copy the network to the target network every `target_update_freq` updates."""
        metrics = self._learn(batch)
        if (count + 1) % self.params.target_update_freq == 0:
            polyak_update(self.target, self.policy.network, tau=1.0)
        metrics["epsilon"] = torch.tensor(self.policy.eps_training)
        return UpdateResult(metrics, priorities=metrics.pop("errors"))

    @one_graph
    def _learn(self, batch: IQNBatch) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch)

    def _loss(self, batch: IQNBatch) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch; TD errors are those of the mean over quantiles, [B]."""
        step, targets = batch.transition, self._targets(batch)
        quantiles = quantiles_of(step.actions, self.policy.network(step.obs, batch.fractions))
        loss = quantile_huber_loss(quantiles, batch.fractions, targets, step.weights, self.params.huber_loss_delta)
        return loss, td_metrics(quantiles.detach().mean(-1), targets.mean(-1))

    @torch.no_grad()
    def _targets(self, batch: IQNBatch) -> Tensor:
        step, count = batch.transition, self.params.target_sample_size
        quantiles: Tensor = self.target(step.next_obs, batch.next_fractions)
        return quantile_target(step.rewards, step.discounts, quantiles[:, :count], quantiles[:, count:])
