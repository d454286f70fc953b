"""What TD3's critics learn; its policy's loss is core's. Pure functions of tensors; values of n critics are [n, B]."""

from __future__ import annotations

from torch import Tensor


def smoothed(actions: Tensor, noise: Tensor, std: float, clip: float) -> Tensor:
    """ã = clip(μ′(s′) + clip(σ ε, −c, c), −1, 1)  for standard normal noise ε, all [B, D]   (Fujimoto et al. 2018, eq. 14)."""
    return (actions + (std * noise).clamp(-clip, clip)).clamp(-1, 1)


def cautious_target(rewards: Tensor, discounts: Tensor, next_values: Tensor) -> Tensor:
    """y = r + γ minᵢ qᵢ′(s′, ã)   (Fujimoto et al. 2018, eq. 10 and algorithm 1)."""
    return rewards + discounts * next_values.amin(0)
