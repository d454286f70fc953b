"""Loss functions shared by several algorithms. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis.api import UsageError


def require_one_shape(**tensors: Tensor) -> None:
    """Raise UsageError where shapes of tensors differ: [B] and [B, 1] would broadcast to [B, B]."""
    if len({tensor.shape for tensor in tensors.values()}) > 1:
        given = ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in tensors.items())
        raise UsageError(f"got {given}, expected one shape, one number for each row; squeeze the last dimension of the network output.")


def normalized(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Normalization to mean 0 and standard deviation 1:  (x − μ) / (σ + ε).

    values: x of any shape; σ is the standard deviation of the population, so that a single value gives 0
    """
    std, mean = torch.std_mean(values, correction=0)
    return (values - mean) / (std + epsilon)


def value_loss(values: Tensor, returns: Tensor) -> Tensor:
    """Mean squared error of a critic of observations:  L = E[ (v(s) − G)² ].

    values: v(s), [B]
    returns: G, no gradient, [B]
    """
    _require_one_for_each(values, returns)
    return (values - returns).square().mean()


def actor_critic_loss(actor: Tensor, critic: Tensor, entropy: Tensor, vf_coef: float, ent_coef: float) -> Tensor:
    """Weighted sum of policy loss, value loss and entropy bonus:  L = L_actor + c_v L_critic − c_e H.

    actor, critic, entropy: L_actor, L_critic and H, []; the entropy may be infinite where its weight is 0
    vf_coef, ent_coef: c_v and c_e

    Schulman et al. 2017, eq. 9: https://arxiv.org/abs/1707.06347
    """
    loss = actor + vf_coef * critic
    return loss - ent_coef * entropy if ent_coef else loss


def squared_loss(values: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean squared error of critics, summed over them:  L = Σᵢ E[ w (qᵢ − y)² ].

    values: qᵢ, [B] of one critic or [n, B] of several
    targets: y, no gradient, [B]
    weights: importance weights w, [B]
    """
    _require_one_for_each(values, targets)
    losses = (weights * (values - targets).square()).mean(-1)
    return losses.sum() if losses.dim() else losses


def soft_value(values: Tensor, log_probs: Tensor, alpha: Tensor) -> Tensor:
    """Soft state value, estimated by one action:  v(s) = q(s, a) − α log π(a|s)  with a drawn from π.

    values: q(s, a), [B]
    log_probs: log π(a|s), [B]
    alpha: temperature α, []

    Haarnoja et al. 2018b, eq. 3: https://arxiv.org/abs/1812.05905
    """
    return values - alpha * log_probs


def deterministic_policy_loss(values: Tensor, weights: Tensor) -> Tensor:
    """Deterministic policy gradient as a loss:  L = −E[ w q(s, μ(s)) ].

    values: q(s, μ(s)), differentiable in the parameters of the actor μ, [B]
    weights: importance weights w, [B]

    Silver et al. 2014, eq. 9: https://proceedings.mlr.press/v32/silver14.html
    """
    return -(weights * values).mean()


def _require_one_for_each(values: Tensor, targets: Tensor) -> None:
    """Raise UsageError where values are not [B] or [n, B]: [B, 1] would broadcast against all targets."""
    if values.shape[-1:] != targets.shape[-1:] or values.dim() > 2:
        rows, given = list(targets.shape), list(values.shape)
        raise UsageError(f"a critic returns {given} for {rows} rows, not one number for each; squeeze the last dimension of its network.")
