"""The objective of REINFORCE, as in the paper. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def reinforce_loss(log_probs: Tensor, returns: Tensor) -> Tensor:
    """L(θ) = −E[ log π(a|s) G ], whose gradient is that of −E[ G ]   (Williams 1992, theorem 1)."""
    return -(log_probs * returns).mean()
