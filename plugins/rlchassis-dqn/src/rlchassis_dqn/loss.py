"""The targets of deep Q-learning and its Huber loss; the squared loss is the toolkit's. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from rlchassis_toolkit import require_one_shape


def value_of(actions: Tensor, values: Tensor) -> Tensor:
    """q(s, a) [B] of the actions taken [B], selected from q(s, ·) [B, K]."""
    return values.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def q_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, choosing: Tensor | None = None) -> Tensor:
    """Q-learning target:  y = r + γ q′(s′, argmaxₐ q(s′, a)).

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: q′(s′, ·) of the target network, [B, K]
    choosing: q(s′, ·) by which the action is chosen, [B, K]: the learned network's in double Q-learning; None: q′ itself

    Mnih et al. 2015, eq. 2: https://doi.org/10.1038/nature14236
    Double Q-learning: van Hasselt et al. 2016, eq. 4: https://arxiv.org/abs/1509.06461
    """
    best = next_values.amax(-1) if choosing is None else value_of(choosing.argmax(-1), next_values)
    return rewards + discounts * best


def huber_loss(values: Tensor, targets: Tensor, weights: Tensor, delta: float = 1.0) -> Tensor:
    """Weighted Huber loss:  L = E[ w h(q − y) ]  with  h(x) = x²/2 where |x| ≤ δ, else δ (|x| − δ/2).

    values: q(s, a), [B]
    targets: y, no gradient, [B]
    weights: importance weights w, [B]
    delta: error δ from which the loss is linear

    Huber 1964: https://doi.org/10.1214/aoms/1177703732
    """
    require_one_shape(values=values, targets=targets, weights=weights)
    return (weights * functional.huber_loss(values, targets, reduction="none", delta=delta)).mean(-1)
