"""Finiteness checks: of policy weights whose optimizer does not check each step, and of all weights that a checkpoint stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from rlchassis.errors import DivergenceError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import REMEDY

MOST_NAMED = 8
"""Number of weights that an error names."""


def unwatched_weights(policy: nn.Module, optimizers: Iterable[Any]) -> dict[str, Tensor]:
    """Trainable weights whose optimizer does not check its steps (on another device, or in a graph), or that have no optimizer."""
    watched = {id(p) for optimizer in optimizers if optimizer.checks_steps for p in optimizer.parameters}
    return {name: p.detach() for name, p in policy.named_parameters() if p.requires_grad and id(p) not in watched}


def all_weights(policy: nn.Module, algorithm: Algorithm[Any], optimizers: Iterable[Any]) -> dict[str, Tensor]:
    """What learning may have made non-finite: the policy's state, the algorithm's networks, and what else has an optimizer."""
    state = {f"policy.{name}": tensor for name, tensor in policy.state_dict().items()}
    parts = {attribute.name: getattr(algorithm, attribute.name) for attribute in attrs.fields(type(algorithm))}
    networks = {f"{name}.{own}": p for name, part in parts.items() if isinstance(part, nn.Module) for own, p in part.named_parameters()}
    stepped = {f"{optimizer.role} {i}": p for optimizer in optimizers for i, p in enumerate(optimizer.parameters)}
    return {name: p.detach() for name, p in {**stepped, **networks, **state}.items() if p.is_floating_point()}


def require_finite_weights(weights: dict[str, Tensor]) -> None:
    """DivergenceError with the names of non-finite weights; transfers one number to the host."""
    norms = torch.stack(torch._foreach_norm(list(weights.values())))
    if torch.isfinite(norms.sum()):
        return
    broken = [name for name, weight in weights.items() if not torch.isfinite(weight).all()]
    if broken:
        raise DivergenceError(f"weights became non-finite ({', '.join(broken[:MOST_NAMED])}): learning diverged; {REMEDY}.")
