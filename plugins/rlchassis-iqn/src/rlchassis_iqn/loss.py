"""The targets and the quantile Huber loss of implicit quantile networks. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def quantiles_of(actions: Tensor, quantiles: Tensor) -> Tensor:
    """z(s, a) [B, N] of the actions taken [B], selected from z(s, ·) [B, N, K]."""
    index = actions.view(-1, 1, 1).expand(-1, quantiles.shape[1], 1)
    return quantiles.gather(-1, index).squeeze(-1)


def quantile_target(rewards: Tensor, discounts: Tensor, next_quantiles: Tensor, choosing: Tensor) -> Tensor:
    """Quantile targets:  yⱼ = r + γ z′ⱼ(s′, a*)  with  a* = argmaxₐ mean z″(s′, a), [B, N′].

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_quantiles: z′ of the target network, [B, N′, K]
    choosing: z″ of the target network at other fractions, which selects the action, [B, K̃, K]

    Dabney et al. 2018b, algorithm 1: https://arxiv.org/abs/1806.06923
    """
    best = choosing.mean(1).argmax(-1)
    return rewards.unsqueeze(-1) + discounts.unsqueeze(-1) * quantiles_of(best, next_quantiles)


def quantile_huber_loss(quantiles: Tensor, fractions: Tensor, targets: Tensor, weights: Tensor, delta: float = 1.0) -> Tensor:
    """Quantile Huber loss:  L = E[ w Σᵢ 1/N′ Σⱼ |τᵢ − 1{yⱼ < zᵢ}| h(yⱼ − zᵢ) / δ ].

    Here h is the Huber loss:  h(x) = x²/2 where |x| ≤ δ, else δ (|x| − δ/2).

    quantiles: z, [B, N]
    fractions: τ of each quantile, [B, N]
    targets: y, no gradient, [B, N′]
    weights: importance weights w, [B]
    delta: error δ from which the loss is linear, κ in the paper

    Dabney et al. 2018b, eq. 3: https://arxiv.org/abs/1806.06923
    """
    differences = targets.unsqueeze(-2) - quantiles.unsqueeze(-1)
    errors = differences.abs()
    near = errors.clamp(max=delta)
    asymmetry = (fractions.unsqueeze(-1) - (differences < 0).to(fractions.dtype)).abs()
    costs = asymmetry * near * (errors - 0.5 * near)
    return (weights * costs.mean(-1).sum(-1)).mean() / delta
