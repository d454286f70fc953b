"""Number of torch threads during a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL_LAYER = 128 * 128
"""Largest layer, in weights, up to which one thread is faster."""


def number_of_threads(asked: int | None, policy: nn.Module) -> int:
    """Number of torch threads of a run: as asked; None: one if the policy's layers are small, else torch's default."""
    small = max((p.numel() for p in policy.parameters()), default=0) <= SMALL_LAYER
    return asked or (1 if small else torch.get_num_threads())


@contextmanager
def threads(asked: int | None, policy: nn.Module) -> Iterator[None]:
    """Context with the number of torch threads of a run."""
    before = torch.get_num_threads()
    torch.set_num_threads(number_of_threads(asked, policy))
    try:
        yield
    finally:
        torch.set_num_threads(before)
