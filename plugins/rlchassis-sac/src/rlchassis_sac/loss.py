"""The targets and the policy loss of SAC. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import soft_value


def soft_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_probs: Tensor, alpha: Tensor) -> Tensor:
    """Soft clipped double-Q target:  y = r + γ [ minᵢ qᵢ(s′, a′) − α log π(a′|s′) ]  with a′ drawn from π.

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: qᵢ(s′, a′) of the target critics, [n, B]
    next_log_probs: log π(a′|s′), [B]
    alpha: temperature α, []

    Haarnoja et al. 2018b, eq. 5 and section 5: https://arxiv.org/abs/1812.05905
    """
    return rewards + discounts * soft_value(next_values.amin(0), next_log_probs, alpha)


def policy_loss(values: Tensor, log_probs: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """Soft policy loss:  L = E[ w (α log π(a|s) − minᵢ qᵢ(s, a)) ]  with a drawn from π by the reparameterization trick.

    values: qᵢ(s, a), differentiable in a, [n, B]
    log_probs: log π(a|s), [B]
    alpha: temperature α, []
    weights: importance weights w, [B]

    Haarnoja et al. 2018b, eq. 9: https://arxiv.org/abs/1812.05905
    """
    return -(weights * soft_value(values.amin(0), log_probs, alpha)).mean()
