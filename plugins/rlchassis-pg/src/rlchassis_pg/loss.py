"""The policy loss of REINFORCE. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor

from rlchassis_toolkit import require_one_shape


def reinforce_loss(log_probs: Tensor, returns: Tensor) -> Tensor:
    """REINFORCE loss, whose gradient is that of −E[ G ]:  L(θ) = −E[ log π(a|s) G ].

    log_probs: log π(a|s), [B]
    returns: discounted returns G, no gradient, [B]

    Williams 1992, theorem 1: https://doi.org/10.1007/BF00992696
    """
    require_one_shape(log_probs=log_probs, returns=returns)
    return -(log_probs * returns).mean()
