"""The policy loss of A2C. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import require_one_shape


def policy_gradient_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """Policy-gradient loss:  L(θ) = −E[ log π(a|s) A ].

    log_probs: log π(a|s), [B]
    advantages: A, no gradient, [B]

    Mnih et al. 2016, section 4: https://arxiv.org/abs/1602.01783
    """
    require_one_shape(log_probs=log_probs, advantages=advantages)
    return -(log_probs * advantages).mean()
