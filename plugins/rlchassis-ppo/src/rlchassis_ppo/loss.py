"""The clipped losses of PPO. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis_toolkit import require_one_shape


def clipped_surrogate_loss(
    log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, epsilon: float, dual_clip: float | None = None
) -> Tensor:
    """Clipped surrogate loss:  L(θ) = −E[ min( r A, clip(r, 1 − ε, 1 + ε) A ) ]  with  r(θ) = π(a|s) / π_old(a|s).

    log_probs: log π(a|s) of the policy that learns, [B]
    old_log_probs: log π_old(a|s) of the policy that collected, no gradient, [B]
    advantages: A, no gradient, [B]
    epsilon: clip range ε
    dual_clip: c > 1, so that the objective where A < 0 is at least c A; None: no such bound

    Schulman et al. 2017, eq. 7: https://arxiv.org/abs/1707.06347
    Dual clip: Ye et al. 2020, eq. 5: https://arxiv.org/abs/1912.09729
    """
    require_one_shape(log_probs=log_probs, old_log_probs=old_log_probs, advantages=advantages)
    ratio = (log_probs - old_log_probs).exp()
    objective = torch.min(ratio * advantages, ratio.clamp(1 - epsilon, 1 + epsilon) * advantages)
    if dual_clip is not None:
        objective = torch.where(advantages < 0, torch.max(objective, dual_clip * advantages), objective)
    return -objective.mean()


def clipped_value_loss(values: Tensor, old_values: Tensor, returns: Tensor, epsilon: float) -> Tensor:
    """Clipped value loss:  L = E[ max( (v − G)², (v_old + clip(v − v_old, −ε, ε) − G)² ) ].

    values: v(s), [B]
    old_values: v_old(s) before the updates on this rollout, no gradient, [B]
    returns: G, no gradient, [B]
    epsilon: clip range ε

    As in the reference implementation of PPO: https://github.com/openai/baselines/blob/master/baselines/ppo2/model.py
    """
    require_one_shape(values=values, old_values=old_values, returns=returns)
    near = old_values + (values - old_values).clamp(-epsilon, epsilon)
    return torch.max((values - returns).square(), (near - returns).square()).mean()
