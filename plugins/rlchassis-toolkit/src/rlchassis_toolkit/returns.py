"""λ-returns and n-step transitions. Pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis.api import Experience, Transition


def lambda_returns(rewards: Tensor, discounts: Tensor, next_values: Tensor, lambdas: Tensor) -> Tensor:
    """λ-returns:  Gₜ = rₜ + γₜ [(1 − λₜ) v(sₜ₊₁) + λₜ Gₜ₊₁].

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


def n_step_transition(window: Experience, gamma: float) -> Transition:
    """n-step transitions from windows [n, B, …]:  R = Σₖ γᵏ rₖ  over the m ≤ n rows up to the end of the trajectory.

    The discount is γᵐ at the m-th row's next observation, or 0 if that row terminated. Importance weights are those of the first rows.
    """
    if len(window) == 1:
        step = window[0]
        discounts = torch.full_like(step.rewards, gamma).masked_fill_(step.terminated, 0)
        return Transition(step.obs, step.actions, step.rewards, step.next_obs, discounts, step.weights)
    reached = torch.ones_like(window.rewards)
    reached[1:] = (~window.ended[:-1]).cumprod(0)
    past = torch.arange(len(window), device=reached.device)[:, None]
    last = reached.sum(0).long() - 1
    first, final = window[0], window[last, torch.arange(len(last), device=last.device)]
    return Transition(
        obs=first.obs,
        actions=first.actions,
        rewards=(window.rewards * reached * gamma**past).sum(0),
        next_obs=final.next_obs,
        discounts=gamma ** (last + 1) * ~final.terminated,
        weights=first.weights,
    )
