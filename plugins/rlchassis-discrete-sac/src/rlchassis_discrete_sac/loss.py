"""The losses and targets of discrete SAC: exact expectations over actions in place of samples.

Pure functions of tensors: values of n critics are [n, B, K], log-probabilities of K actions [B, K], α is [], all others are [B].
Equations are those of Christodoulou 2019: https://arxiv.org/abs/1910.07207
"""

from __future__ import annotations

import math

from torch import Tensor

from rlchassis_toolkit import soft_value

IMPOSSIBLE = -1000.0
"""A log-probability whose probability is 0 in every float type."""


def log_probs_of(logits: Tensor) -> Tensor:
    """log π(·|s) [B, K]; a log-probability of −∞ becomes a finite one, so that π log π is 0 and not NaN."""
    return logits.log_softmax(-1).clamp(min=IMPOSSIBLE)


def values_of(actions: Tensor, values: Tensor) -> Tensor:
    """qᵢ(s, a) [n, B] of the actions taken [B], selected from qᵢ(s, ·) [n, B, K]."""
    return values.gather(-1, actions.expand(len(values), -1).unsqueeze(-1)).squeeze(-1)


def soft_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_probs: Tensor, alpha: Tensor) -> Tensor:
    """Soft clipped double-Q target:  y = r + γ Σₐ π(a|s′) [ minᵢ qᵢ(s′, a) − α log π(a|s′) ]   (eq. 10).

    rewards: r, [B]
    discounts: γⁿ, or 0 after termination, [B]
    next_values: qᵢ(s′, ·) of the target critics, [n, B, K]
    next_log_probs: log π(·|s′), [B, K]
    alpha: temperature α, []
    """
    return rewards + discounts * expected(soft_value(next_values.amin(0), next_log_probs, alpha), next_log_probs)


def policy_loss(values: Tensor, log_probs: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """Soft policy loss:  L = E[ w Σₐ π(a|s) (α log π(a|s) − minᵢ qᵢ(s, a)) ]   (eq. 12).

    values: qᵢ(s, ·), no gradient, [n, B, K]
    log_probs: log π(·|s), [B, K]
    alpha: temperature α, []
    weights: importance weights w, [B]
    """
    return -(weights * expected(soft_value(values.amin(0), log_probs, alpha), log_probs)).mean()


def entropy_of(log_probs: Tensor) -> Tensor:
    """H = −Σₐ π(a|s) log π(a|s), exactly, where continuous actions allow an estimate only   (eq. 11)."""
    return -expected(log_probs, log_probs)


def largest_entropy_share(log_probs: Tensor) -> Tensor:
    """log |A(s)| / log K, [B]: the largest entropy of the actions that a mask allows, A(s), as a part of that of all K."""
    allowed = (log_probs > IMPOSSIBLE).sum(-1)
    return allowed.log() / math.log(max(log_probs.shape[-1], 2))


def expected(values: Tensor, log_probs: Tensor) -> Tensor:
    """Σₐ π(a|s) v(s, a), [B]."""
    return (log_probs.exp() * values).sum(-1)
