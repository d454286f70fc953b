"""The target of DDPG's critic; the loss of its policy is the toolkit's. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def td_target(rewards: Tensor, discounts: Tensor, next_values: Tensor) -> Tensor:
    """TD target:  y = r + γ q′(s′, μ′(s′))  with the target networks μ′ of the actor and q′ of the critic.

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: q′(s′, μ′(s′)), [B]

    Lillicrap et al. 2016, algorithm 1: https://arxiv.org/abs/1509.02971
    """
    return rewards + discounts * next_values
