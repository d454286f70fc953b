"""The objective of A2C, as in the paper. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def policy_gradient_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """L(θ) = −E[ log π(a|s) A ], where A is what the critic made of the rollout, and no gradient   (Mnih et al. 2016, section 4)."""
    return -(log_probs * advantages).mean()
