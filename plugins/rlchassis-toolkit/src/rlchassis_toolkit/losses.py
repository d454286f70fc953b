"""Small maths that two or more plugins share: pure functions of tensors. What one plugin alone needs lives there."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from rlchassis.api import UsageError


def normalized(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Shift and scale to mean 0 and standard deviation 1:  (x − μ) / (σ + ε), with the population's σ, so that one value gives 0."""
    std, mean = torch.std_mean(values, correction=0)
    return (values - mean) / (std + epsilon)


def value_loss(values: Tensor, returns: Tensor) -> Tensor:
    """E[ (v(s) − G)² ]."""
    _require_one_for_each(values, returns)
    return (values - returns).square().mean()


def actor_critic_loss(actor: Tensor, critic: Tensor, entropy: Tensor, vf_coef: float, ent_coef: float) -> Tensor:
    """L = L_actor + c_v L_critic − c_e H   (Schulman et al. 2017, eq. 9); an entropy without weight may be infinite."""
    loss = actor + vf_coef * critic
    return loss - ent_coef * entropy if ent_coef else loss


def squared_loss(values: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """E[ w (v − y)² ] of values [B], or the sum of it over n critics [n, B]; targets and weights are [B]."""
    _require_one_for_each(values, targets)
    return _over_critics((weights * (values - targets).square()).mean(-1))


def soft_value(values: Tensor, log_probs: Tensor, alpha: Tensor) -> Tensor:
    """v(s) = q(s, a) − α log π(a|s)  with a drawn from π, all [B]: what s is worth where entropy is   (Haarnoja et al. 2018b, eq. 3)."""
    return values - alpha * log_probs


def deterministic_policy_loss(values: Tensor, weights: Tensor) -> Tensor:
    """−E[ w q(s, μ(s)) ], all [B]; down its gradient by μ's parameters the values of μ's actions rise  (Silver et al. 2014, eq. 9)."""
    return -(weights * values).mean()


def huber_loss(values: Tensor, targets: Tensor, weights: Tensor, delta: float = 1.0) -> Tensor:
    """E[ w h(v − y) ], summed over critics, with  h(x) = x²/2 where |x| ≤ δ, else δ (|x| − δ/2)   (Huber 1964)."""
    _require_one_for_each(values, targets)
    costs = functional.huber_loss(values, targets.expand_as(values), reduction="none", delta=delta)
    return _over_critics((weights * costs).mean(-1))


def quantile_huber_loss(quantiles: Tensor, fractions: Tensor, targets: Tensor, weights: Tensor, delta: float = 1.0) -> Tensor:
    """E[ w Σᵢ 1/N′ Σⱼ |τᵢ − 1{yⱼ < zᵢ}| h(yⱼ − zᵢ) / δ ]  with h as in huber_loss   (Dabney et al. 2018b, eq. 3).

    Quantiles z and the fractions τ that they belong to are [B, N], targets y [B, N′], weights [B].
    """
    differences = targets.unsqueeze(-2) - quantiles.unsqueeze(-1)
    errors = differences.abs()
    near = errors.clamp(max=delta)
    asymmetry = (fractions.unsqueeze(-1) - (differences < 0).to(fractions.dtype)).abs()
    costs = asymmetry * near * (errors - 0.5 * near)
    return (weights * costs.mean(-1).sum(-1)).mean() / delta


def _require_one_for_each(values: Tensor, targets: Tensor) -> None:
    """UsageError where values are not [B] or [n, B]: [B, 1] would be compared with every target instead of its own."""
    if values.shape[-1:] != targets.shape[-1:] or values.dim() > 2:
        rows, given = list(targets.shape), list(values.shape)
        raise UsageError(f"a critic answers {given} for {rows} rows, not one number for each; squeeze the last dimension of its network.")


def _over_critics(losses: Tensor) -> Tensor:
    """The sum of one loss [] or of several [n]; none is computed where there is nothing to add."""
    return losses.sum() if losses.dim() else losses
