"""The objective of TRPO and the length of its steps, as in the paper. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def surrogate_loss(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor) -> Tensor:
    """L(θ) = −E[ r A ]  with  r(θ) = π(a|s) / π_old(a|s)   (Schulman et al. 2015, eq. 14)."""
    return -((log_probs - old_log_probs).exp() * advantages).mean()


def longest_step_size(direction: Tensor, image: Tensor, max_kl: float) -> Tensor:
    """β = √(2 δ / xᵀ F x) [], with which the divergence ½ (β x)ᵀ F (β x) of the step β x is δ   (Schulman et al. 2015, appendix C).

    The image F x is given along with the direction x; β is finite where x is 0.
    """
    curvature = direction.dot(image).clamp(min=torch.finfo(image.dtype).tiny)
    return (2 * max_kl / curvature).sqrt()
