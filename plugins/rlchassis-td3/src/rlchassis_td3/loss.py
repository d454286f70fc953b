"""Target policy smoothing and the targets of TD3's critics; the loss of its policy is the toolkit's. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def smoothed(actions: Tensor, noise: Tensor, std: float, clip: float) -> Tensor:
    """Target policy smoothing:  ã = clip(μ′(s′) + clip(σ ε, −c, c), −1, 1).

    actions: μ′(s′) of the target actor, [B, D]
    noise: standard normal ε, [B, D]
    std, clip: σ and c

    Fujimoto et al. 2018, eq. 14: https://arxiv.org/abs/1802.09477
    """
    return (actions + (std * noise).clamp(-clip, clip)).clamp(-1, 1)


def cautious_target(rewards: Tensor, discounts: Tensor, next_values: Tensor) -> Tensor:
    """Clipped double-Q target:  y = r + γ minᵢ qᵢ′(s′, ã).

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: qᵢ′(s′, ã) of the target critics, [n, B]

    Fujimoto et al. 2018, eq. 10 and algorithm 1: https://arxiv.org/abs/1802.09477
    """
    return rewards + discounts * next_values.amin(0)
