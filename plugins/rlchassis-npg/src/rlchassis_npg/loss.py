"""The policy loss of NPG. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import require_one_shape


def policy_gradient_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """Policy-gradient loss, whose gradient is the negated gradient of the expected return:  L(θ) = −E[ log π(a|s) A ].

    log_probs: log π(a|s), [B]
    advantages: A, no gradient, [B]

    Sutton et al. 2000, theorem 1:
    https://papers.nips.cc/paper/1713-policy-gradient-methods-for-reinforcement-learning-with-function-approximation
    """
    require_one_shape(log_probs=log_probs, advantages=advantages)
    return -(log_probs * advantages).mean()
