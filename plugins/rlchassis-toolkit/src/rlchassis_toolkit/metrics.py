"""What several algorithms log of their learning beside its losses: pure functions of detached tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis.api import Metrics

RESOLUTION = 1e-12
"""Variance, relative to the squared mean, of equal numbers in single precision."""


def explained_variance(values: Tensor, returns: Tensor) -> Tensor:
    """1 − Var[G − v] / Var[G] of values v and returns G, both [B]: 1 is perfect, 0 as good as the mean of the returns, below 0 worse.

    0 where the returns do not vary, so that there is nothing to explain.
    """
    variance, mean = torch.var_mean(returns, correction=0)
    explained = 1 - (returns - values).var(correction=0) / variance
    return torch.where(variance <= RESOLUTION * mean.square(), 0.0, explained)


def td_metrics(values: Tensor, targets: Tensor) -> Metrics:
    """q_value and target_q, the means of values q(s, a), [B] or [n, B] of n critics, and of their targets y [B].

    With them `errors`, |q − y| [B], averaged over critics: the new priorities of the rows learned from.
    """
    values = values.detach()
    errors = (values - targets).abs()
    return {"q_value": values.mean(), "target_q": targets.mean(), "errors": errors.mean(0) if errors.dim() == 2 else errors}


def critic_metrics(step: Metrics, loss: str = "critic_loss") -> Metrics:
    """Metrics of a gradient step on critics, its loss under the given name and the norm of its gradient as critic_grad_norm."""
    names = {"loss": loss, "grad_norm": "critic_grad_norm"}
    return {names.get(name, name): value for name, value in step.items()}


def actor_metrics(step: Metrics) -> Metrics:
    """Metrics of a gradient step on an actor, its loss as policy_loss and the norm of its gradient as actor_grad_norm."""
    names = {"loss": "policy_loss", "grad_norm": "actor_grad_norm"}
    return {names.get(name, name): value for name, value in step.items()}
