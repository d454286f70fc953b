"""The objective of NPG. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def policy_gradient_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """L(θ) = −E[ log π(a|s) A ], whose gradient is that of the expected return, negated   (Sutton et al. 2000, theorem 1)."""
    return -(log_probs * advantages).mean()
