"""Number of torch threads during a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL_LAYER = 128 * 128
"""Largest layer, in weights, up to which one thread is faster."""


@contextmanager
def threads(asked: int | None, policy: nn.Module) -> Iterator[None]:
    """Context with the given number of torch threads; None: one if the policy's layers are small, else torch's default."""
    before = torch.get_num_threads()
    small = max((p.numel() for p in policy.parameters()), default=0) <= SMALL_LAYER
    torch.set_num_threads(asked or (1 if small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
