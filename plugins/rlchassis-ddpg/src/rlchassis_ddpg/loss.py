"""What DDPG's critic learns; its policy's loss is core's. Pure functions of tensors [B]."""

from __future__ import annotations

from torch import Tensor


def td_target(rewards: Tensor, discounts: Tensor, next_values: Tensor) -> Tensor:
    """y = r + γ q′(s′, μ′(s′))  with actor μ′ and critic q′ that follow at a distance   (Lillicrap et al. 2016, algorithm 1)."""
    return rewards + discounts * next_values
