"""What followed each action. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis.api import Experience
from rlchassis_toolkit import lambda_returns, normalized


def monte_carlo_returns(rollout: Experience, gamma: float) -> Tensor:
    """Gₜ = rₜ + γ rₜ₊₁ + … to the end of the episode, [T, N]; added up in double precision, so that equal returns stay equal.

    Where an episode does not end but is cut, by a time limit or by the end of the rollout, what would have followed is worth the mean
    return Ḡ of the rollout's transitions: with what was earned Eₜ, and the discount γᵏ = cₜ of what is beyond the cut (0 if it ended),

        Gₜ = Eₜ + cₜ Ḡ,   so that   Ḡ = Σ E / Σ (1 − c),   or 0 where nothing ends and nothing is disvalid.
    """
    rewards = rollout.rewards.double()
    discounts, going_on = gamma * (~rollout.terminated).double(), (~rollout.ended).double()
    earned = lambda_returns(rewards, discounts, torch.zeros_like(rewards), going_on)
    beyond = lambda_returns(torch.zeros_like(rewards), discounts, torch.ones_like(rewards), going_on)
    known = (1 - beyond)[rollout.valid].sum()
    mean = torch.where(known > 0, earned[rollout.valid].sum() / known, 0.0)
    return (earned + beyond * mean).float()


def standardized(returns: Tensor, valid: Tensor) -> Tensor:
    """Those of transitions shifted and scaled to mean 0 and standard deviation 1, exactly 0 where all are equal; the others are 0."""
    return torch.zeros_like(returns).masked_scatter_(valid, normalized(returns[valid]))
