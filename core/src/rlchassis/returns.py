"""Returns of recorded experience: pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def lambda_returns(rewards: Tensor, discounts: Tensor, next_values: Tensor, lambdas: Tensor) -> Tensor:
    """Blend n-step returns of every n:  Gₜ = rₜ + γₜ [(1 − λₜ) v(sₜ₊₁) + λₜ Gₜ₊₁].

    Every argument is [T, …]. γₜ is 0 where the episode terminated; λₜ is 0 where the trajectory breaks off, so that Gₜ bootstraps;
    the last Gₜ always does. λ = 1 gives Monte-Carlo returns, λ = 0 one-step targets; G − v is the generalized advantage
    (Schulman et al. 2016, eq. 16).
    """
    known = (rewards + discounts * (1 - lambdas) * next_values).unbind()
    carried = (discounts * lambdas).unbind()
    following, returns = next_values[-1], []
    for t in reversed(range(len(known))):
        following = torch.addcmul(known[t], carried[t], following)
        returns.append(following)
    return torch.stack(returns[::-1])
