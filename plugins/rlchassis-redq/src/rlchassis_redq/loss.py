"""The objectives of REDQ, as in the paper. Pure functions of tensors; all but values is [B]."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import soft_value


def subset_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_probs: Tensor, alpha: Tensor, mode: str) -> Tensor:
    """y = r + γ [ min_{i∈M} qᵢ(s′, a′) − α log π(a′|s′) ]  with the values [M, B] of a random subset   (Chen et al. 2021, eq. 1).

    With mode "mean" their mean stands for their minimum.
    """
    values = next_values.amin(0) if mode == "min" else next_values.mean(0)
    return rewards + discounts * soft_value(values, next_log_probs, alpha)


def policy_loss(values: Tensor, log_probs: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """E[ w (α log π(a|s) − ¹⁄N Σᵢ qᵢ(s, a)) ]  over all N critics [N, B]   (Chen et al. 2021, algorithm 1, line 10)."""
    return -(weights * soft_value(values.mean(0), log_probs, alpha)).mean()
