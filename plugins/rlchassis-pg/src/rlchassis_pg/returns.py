"""Monte-Carlo returns. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis.api import Experience
from rlchassis_toolkit import lambda_returns, normalized


def monte_carlo_returns(rollout: Experience, gamma: float) -> Tensor:
    """Gₜ = rₜ + γ rₜ₊₁ + … to the end of the episode, [T, N], summed in float64 so that equal returns stay equal.

    Where an episode is cut off, by truncation or by the end of the rollout, the return bootstraps from the mean return Ḡ of the rollout's
    valid transitions: with the rewards before the cut Eₜ, and the discount cₜ = γᵏ at the cut (0 after termination),

        Gₜ = Eₜ + cₜ Ḡ,   so that   Ḡ = Σ E / Σ (1 − c),   or 0 where Σ (1 − c) is 0: no episode ends and γ is 1.
    """
    rewards = rollout.rewards.double()
    discounts, going_on = gamma * (~rollout.terminated).double(), (~rollout.ended).double()
    earned = lambda_returns(rewards, discounts, torch.zeros_like(rewards), going_on)
    beyond = lambda_returns(torch.zeros_like(rewards), discounts, torch.ones_like(rewards), going_on)
    known = (1 - beyond)[rollout.valid].sum()
    mean = torch.where(known > 0, earned[rollout.valid].sum() / known, 0.0)
    return (earned + beyond * mean).float()


def standardized(returns: Tensor, valid: Tensor) -> Tensor:
    """Returns [T, N] of valid rows, standardized to mean 0 and standard deviation 1 (all 0 where they are equal); 0 in invalid rows."""
    return torch.zeros_like(returns).masked_scatter_(valid, normalized(returns[valid]))
