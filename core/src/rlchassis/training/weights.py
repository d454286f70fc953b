"""Finiteness check for policy weights whose optimizer does not check each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from rlchassis.errors import DivergenceError
from rlchassis.learning.optimizer import REMEDY


def unwatched_weights(policy: nn.Module, optimizers: Iterable[Any]) -> dict[str, Tensor]:
    """Trainable weights whose optimizer does not check its steps (on another device, or in a graph), or that have no optimizer."""
    watched = {id(p) for optimizer in optimizers if optimizer.checks_steps for p in optimizer.parameters}
    return {name: p.detach() for name, p in policy.named_parameters() if p.requires_grad and id(p) not in watched}


def require_finite_weights(weights: dict[str, Tensor]) -> None:
    """DivergenceError with the names of non-finite weights; transfers one number to the host."""
    norms = torch.stack(torch._foreach_norm(list(weights.values())))
    if torch.isfinite(norms.sum()):
        return
    broken = [name for name, weight in weights.items() if not torch.isfinite(weight).all()]
    if broken:
        raise DivergenceError(f"weights of the policy became non-finite ({', '.join(broken)}): learning diverged; {REMEDY}.")
