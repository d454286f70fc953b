"""What implicit quantile networks learn from; the loss itself is core's. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def quantiles_of(actions: Tensor, quantiles: Tensor) -> Tensor:
    """z(s, a) [B, N] of actions [B], out of the quantiles [B, N, K] of all."""
    index = actions.view(-1, 1, 1).expand(-1, quantiles.shape[1], 1)
    return quantiles.gather(-1, index).squeeze(-1)


def quantile_target(rewards: Tensor, discounts: Tensor, next_quantiles: Tensor, choosing: Tensor) -> Tensor:
    """yⱼ = r + γ z′ⱼ(s′, a*)  with  a* = argmaxₐ mean z″(s′, a), [B, N′]   (Dabney et al. 2018b, algorithm 1).

    Both are quantiles of a target network, [B, N′, K] and [B, K̃, K]: those that judge an action and those that it is chosen by.
    """
    best = choosing.mean(1).argmax(-1)
    return rewards.unsqueeze(-1) + discounts.unsqueeze(-1) * quantiles_of(best, next_quantiles)
