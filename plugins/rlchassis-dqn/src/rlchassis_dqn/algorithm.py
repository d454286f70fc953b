"""Deep Q-learning: a Q-network, experience replay and a target network (Mnih et al. 2015), with double Q-learning."""

from __future__ import annotations

from functools import partial

import torch
from attrs import define
from torch import Generator, Tensor, nn

from rlchassis.api import Algorithm, Experience, Metrics, Observation, Optimizer, Transition, UpdateResult, gradient_step, one_graph
from rlchassis_dqn.loss import huber_loss, q_target, value_of
from rlchassis_dqn.params import DQNParams
from rlchassis_toolkit import EpsilonGreedyPolicy, LinearEps, Memory, infer, polyak_update, squared_loss, td_metrics, update_target_memory


@define(eq=False)
class DQN(Algorithm[Transition]):
    """DQN with the Q-network of an ε-greedy policy, its target network and one optimizer."""

    policy: EpsilonGreedyPolicy
    target: nn.Module
    optimizer: Optimizer
    params: DQNParams
    eps_schedule: LinearEps
    """Schedule of the exploration rate ε over the run; callbacks can replace it."""
    target_memory: Memory | None = None
    """Copy of the policy's memory beside the target network."""

    def set_progress(self, progress: float) -> None:
        """Set the exploration rate ε from the schedule."""
        self.policy.eps_training = self.eps_schedule(progress)

    def prepare(self, experience: Experience, rng: Generator) -> Transition:
        """Compute n-step transitions from windows [n, B, …]."""
        return self.policy.transitions(experience, self.params.gamma)

    def update(self, batch: Transition, count: int) -> UpdateResult:
        """Take one gradient step on the TD error; copy the network to the target network every `target_update_freq` updates."""
        metrics = self._learn(batch)
        if (count + 1) % self.params.target_update_freq == 0:
            polyak_update(self.target, self.policy.network, tau=1.0)
            update_target_memory(self.target_memory, self.policy, tau=1.0)
        metrics["epsilon"] = torch.tensor(self.policy.eps_training)
        return UpdateResult(metrics, priorities=self.policy.priorities(metrics.pop("errors"), batch))

    @one_graph
    def _learn(self, batch: Transition) -> Metrics:
        return gradient_step(self.optimizer, self._loss, batch)

    def _loss(self, batch: Transition) -> tuple[Tensor, Metrics]:
        """Loss and metrics of a batch."""
        obs, next_obs = self.policy.transition_features(batch)
        values = value_of(batch.actions, self.policy.network(obs))
        targets = self._targets(batch, next_obs)
        delta = self.params.huber_loss_delta
        loss = squared_loss if delta is None else partial(huber_loss, delta=delta)
        return loss(values, targets, batch.weights), td_metrics(values, targets)

    @torch.no_grad()
    def _targets(self, batch: Transition, next_obs: Observation) -> Tensor:
        """Targets [B]; next_obs: next observations, or features of them, as the network sees them."""
        next_values = infer(self.target, self.policy.target_features(batch, next_obs, self.target_memory))
        choosing = infer(self.policy.network, next_obs) if self.params.is_double else None
        return q_target(batch.rewards, batch.discounts, next_values, choosing)
