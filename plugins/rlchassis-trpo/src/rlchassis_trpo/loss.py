"""The surrogate loss and the maximum step size of TRPO. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis_toolkit import require_one_shape


def surrogate_loss(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor) -> Tensor:
    """Surrogate loss:  L(θ) = −E[ r A ]  with  r(θ) = π(a|s) / π_old(a|s).

    log_probs: log π(a|s) of the policy that learns, [B]
    old_log_probs: log π_old(a|s) of the policy that collected, no gradient, [B]
    advantages: A, no gradient, [B]

    Schulman et al. 2015, eq. 14: https://arxiv.org/abs/1502.05477
    """
    require_one_shape(log_probs=log_probs, old_log_probs=old_log_probs, advantages=advantages)
    return -((log_probs - old_log_probs).exp() * advantages).mean()


def longest_step_size(direction: Tensor, image: Tensor, max_kl: float) -> Tensor:
    """Maximum step size within the trust region:  β = √(2 δ / xᵀ F x) [], so that ½ (β x)ᵀ F (β x) = δ.

    direction: x, [P]; β is finite where it is 0
    image: F x with the Fisher matrix F, [P]
    max_kl: δ

    Schulman et al. 2015, appendix C: https://arxiv.org/abs/1502.05477
    """
    curvature = direction.dot(image).clamp(min=torch.finfo(image.dtype).tiny)
    return (2 * max_kl / curvature).sqrt()
