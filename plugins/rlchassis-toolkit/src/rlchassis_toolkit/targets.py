"""Target networks and their Polyak updates."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def target_copy(network: Network) -> Network:
    """Create a target network: a copy without gradients."""
    target = copy.deepcopy(network)
    return target.requires_grad_(requires_grad=False)


@torch.no_grad()
def polyak_update(target: nn.Module, source: nn.Module, tau: float) -> None:
    """Polyak update of a target network:  θ′ ← (1 − τ) θ′ + τ θ; τ = 1 copies. Buffers are always copied."""
    torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), tau)
    for kept, current in zip(target.buffers(), source.buffers(), strict=True):
        kept.copy_(current)
