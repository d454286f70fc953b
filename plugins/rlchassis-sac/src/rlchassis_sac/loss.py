"""The objectives of SAC, as in the papers. Pure functions of tensors; values of n critics are [n, B], all else is [B]."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import soft_value


def soft_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_probs: Tensor, alpha: Tensor) -> Tensor:
    """y = r + γ [ minᵢ qᵢ(s′, a′) − α log π(a′|s′) ]  with a′ drawn from π   (Haarnoja et al. 2018b, eq. 5 and section 5)."""
    return rewards + discounts * soft_value(next_values.amin(0), next_log_probs, alpha)


def policy_loss(values: Tensor, log_probs: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """E[ w (α log π(a|s) − minᵢ qᵢ(s, a)) ]  with a drawn from π, differentiably   (Haarnoja et al. 2018b, eq. 9)."""
    return -(weights * soft_value(values.amin(0), log_probs, alpha)).mean()
