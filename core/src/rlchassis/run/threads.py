"""How many threads torch uses while a run lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL_LAYER = 128 * 128
"""Weights of the largest layer up to which one thread is the faster."""


@contextmanager
def threads(asked: int | None, policy: nn.Module) -> Iterator[None]:
    """Within it torch uses as many threads as asked for, or one if the policy's layers are small."""
    before = torch.get_num_threads()
    small = max((p.numel() for p in policy.parameters()), default=0) <= SMALL_LAYER
    torch.set_num_threads(asked or (1 if small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
