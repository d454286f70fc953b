"""Judging a rollout by a critic: what every on-policy actor-critic does before it learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rlchassis.api import Experience, by_row
from rlchassis_toolkit.moments import RunningMoments
from rlchassis_toolkit.returns import lambda_returns


class Advantages(NamedTuple):
    """What a critic thinks of a rollout; all [T, N]."""

    values: Tensor
    """v(s), in the critic's own scale."""
    returns: Tensor
    """What the critic should have said, in its own scale."""
    advantages: Tensor
    """How much better than expected each action was, in the scale of the rewards."""


class ReturnScale(nn.Module):
    """The unit in which a critic speaks of returns: their running standard deviation, held still while one rollout is learned from."""

    unit: Tensor

    def __init__(self, device: torch.device | None = None) -> None:
        super().__init__()
        self.moments = RunningMoments(device=device)
        self.register_buffer("unit", torch.ones((), device=device))

    def settle(self) -> None:
        """Take the deviation known by now as the unit, before a new rollout is judged."""
        self.unit.copy_(self.moments.std())

    def note(self, rollout: Experience, gae: Advantages) -> None:
        """Take in the returns of a rollout's transitions; the unit changes when it is settled again."""
        self.moments.update((gae.returns * self.unit)[rollout.valid])


def compute_gae(
    rollout: Experience, critic: Callable[[Any], Tensor], gamma: float, gae_lambda: float, return_scale: ReturnScale | None = None
) -> Advantages:
    """Returns Gₜ^λ and advantages Aₜ = Gₜ^λ − v(sₜ) of a rollout [T, N]  (Schulman et al. 2016).

    Termination ends the discounting, truncation only the trace. With return_scale the critic speaks in its unit.
    """
    unit = 1.0 if return_scale is None else return_scale.unit
    values, next_values = by_row(critic, rollout.obs), by_row(critic, rollout.next_obs)
    returns = lambda_returns(rollout.rewards, gamma * ~rollout.terminated, next_values * unit, gae_lambda * ~rollout.ended)
    return Advantages(values, returns / unit, returns - values * unit)


def update_scale_and_compute_gae(
    rollout: Experience, critic: Callable[[Any], Tensor], gamma: float, gae_lambda: float, return_scale: ReturnScale | None = None
) -> Advantages:
    """Judge a rollout that was just collected: the scale settles before, and takes in its returns after."""
    if return_scale is None:
        return compute_gae(rollout, critic, gamma, gae_lambda)
    return_scale.settle()
    gae = compute_gae(rollout, critic, gamma, gae_lambda, return_scale)
    return_scale.note(rollout, gae)
    return gae
