"""The targets and the policy loss of REDQ. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import soft_value


def subset_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_probs: Tensor, alpha: Tensor, mode: str) -> Tensor:
    """Soft target by a random subset M of the critics:  y = r + γ [ min_{i∈M} qᵢ(s′, a′) − α log π(a′|s′) ].

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: qᵢ(s′, a′) of the target critics in M, [M, B]
    next_log_probs: log π(a′|s′), [B]
    alpha: temperature α, []
    mode: "min", or "mean" for the mean over M in place of the minimum

    Chen et al. 2021, eq. 1: https://arxiv.org/abs/2101.05982
    """
    values = next_values.amin(0) if mode == "min" else next_values.mean(0)
    return rewards + discounts * soft_value(values, next_log_probs, alpha)


def policy_loss(values: Tensor, log_probs: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """Soft policy loss by the mean of all critics:  L = E[ w (α log π(a|s) − ¹⁄N Σᵢ qᵢ(s, a)) ].

    values: qᵢ(s, a), differentiable in a, [N, B]
    log_probs: log π(a|s), [B]
    alpha: temperature α, []
    weights: importance weights w, [B]

    Chen et al. 2021, algorithm 1, line 10: https://arxiv.org/abs/2101.05982
    """
    return -(weights * soft_value(values.mean(0), log_probs, alpha)).mean()
