"""Generalized advantage estimation (Schulman et al. 2016), and the running scale of returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rlchassis.api import Experience, by_row
from rlchassis_toolkit.moments import RunningMoments
from rlchassis_toolkit.returns import lambda_returns


class Advantages(NamedTuple):
    """Values, returns and advantages of a rollout, all [T, N]."""

    values: Tensor
    """Values v(s), divided by the return scale."""
    returns: Tensor
    """Value targets: λ-returns, divided by the return scale."""
    advantages: Tensor
    """Advantages, in the scale of the rewards."""


class ReturnScale(nn.Module):
    """Running standard deviation of returns, by which value targets are divided; constant within one rollout."""

    unit: Tensor

    def __init__(self, device: torch.device | None = None) -> None:
        super().__init__()
        self.moments = RunningMoments(device=device)
        self.register_buffer("unit", torch.ones((), device=device))

    def freeze(self) -> None:
        """Set the scale to the current running standard deviation, before advantages of a new rollout are computed."""
        self.unit.copy_(self.moments.std())

    def update(self, rollout: Experience, gae: Advantages) -> None:
        """Update the running statistics with returns of valid rows; the scale changes at the next freeze()."""
        self.moments.update((gae.returns * self.unit)[rollout.valid])


def compute_gae(
    rollout: Experience, critic: Callable[[Any], Tensor], gamma: float, gae_lambda: float, return_scale: ReturnScale | None = None
) -> Advantages:
    """Returns Gₜ^λ and advantages Aₜ = Gₜ^λ − v(sₜ) of a rollout [T, N]  (Schulman et al. 2016).

    Termination cuts bootstrapping, truncation only the λ-trace. With return_scale the critic predicts returns divided by the scale.
    """
    unit = 1.0 if return_scale is None else return_scale.unit
    values, next_values = by_row(critic, rollout.obs), by_row(critic, rollout.next_obs)
    returns = lambda_returns(rollout.rewards, gamma * ~rollout.terminated, next_values * unit, gae_lambda * ~rollout.ended)
    return Advantages(values, returns / unit, returns - values * unit)


def update_scale_and_compute_gae(
    rollout: Experience, critic: Callable[[Any], Tensor], gamma: float, gae_lambda: float, return_scale: ReturnScale | None = None
) -> Advantages:
    """compute_gae for a new rollout: freezes the return scale before, and updates its statistics with the returns after."""
    if return_scale is None:
        return compute_gae(rollout, critic, gamma, gae_lambda)
    return_scale.freeze()
    gae = compute_gae(rollout, critic, gamma, gae_lambda, return_scale)
    return_scale.update(rollout, gae)
    return gae
