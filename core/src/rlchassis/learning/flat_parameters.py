"""Parameters and their gradients in two vectors, of which they are views: one fused step, one norm for all; modules notice nothing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

ALIGNMENT = 64
"""Bytes."""


def flatten_storage(parameters: Sequence[nn.Parameter]) -> nn.Parameter | None:
    """Move parameters and their gradients into two vectors of which they become views; None where types or devices differ.

    Each begins where a tensor of its own would, at a multiple of ALIGNMENT: kernels round otherwise elsewhere, and a policy that is
    restored, and no longer flat, would not act to the last bit as the one that was stored.
    """
    if len({(p.dtype, p.device) for p in parameters}) != 1:
        return None
    flat = nn.Parameter(torch.zeros(_places(parameters)[-1], dtype=parameters[0].dtype, device=parameters[0].device))
    for p, part in zip(parameters, _parts(flat.data, parameters), strict=True):
        p.data = part.copy_(p.detach())
    flatten_gradients(flat, parameters)
    return flat


def flatten_gradients(flat: nn.Parameter, parameters: Sequence[nn.Parameter]) -> None:
    """Make the gradients of parameters views of the flat one's, all zero."""
    flat.grad = torch.zeros_like(flat)
    for p, part in zip(parameters, _parts(flat.grad, parameters), strict=True):
        p.grad = part


def _places(parameters: Sequence[nn.Parameter]) -> list[int]:
    """Where each parameter begins in the flat vector, and where the last one's place ends."""
    step = max(1, ALIGNMENT // parameters[0].element_size())
    return list(itertools.accumulate((-(-p.numel() // step) * step for p in parameters), initial=0))


def _parts(flat: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    return [flat[start : start + p.numel()].view_as(p) for start, p in zip(_places(parameters), parameters, strict=False)]
