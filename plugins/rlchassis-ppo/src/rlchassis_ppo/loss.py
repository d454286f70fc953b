"""The objective of PPO, as in the paper. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def clipped_surrogate_loss(
    log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, epsilon: float, dual_clip: float | None = None
) -> Tensor:
    """L(θ) = −E[ min( r A, clip(r, 1 − ε, 1 + ε) A ) ]  with  r(θ) = π(a|s) / π_old(a|s)   (Schulman et al. 2017, eq. 7).

    With dual_clip c the objective of a bad action, A < 0, is at least c A   (Ye et al. 2020, eq. 5).
    """
    ratio = (log_probs - old_log_probs).exp()
    objective = torch.min(ratio * advantages, ratio.clamp(1 - epsilon, 1 + epsilon) * advantages)
    if dual_clip is not None:
        objective = torch.where(advantages < 0, torch.max(objective, dual_clip * advantages), objective)
    return -objective.mean()


def clipped_value_loss(values: Tensor, old_values: Tensor, returns: Tensor, epsilon: float) -> Tensor:
    """E[ max( (v − G)², (v_old + clip(v − v_old, −ε, ε) − G)² ) ]."""
    near = old_values + (values - old_values).clamp(-epsilon, epsilon)
    return torch.max((values - returns).square(), (near - returns).square()).mean()
