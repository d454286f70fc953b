"""Judging a rollout by a critic: what every on-policy actor-critic does before it learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

from rlchassis.experience import Experience, by_row
from rlchassis.moments import RunningMoments
from rlchassis.returns import lambda_returns


class Judgement(NamedTuple):
    """What a critic thinks of a rollout; all [T, N]."""

    values: Tensor
    """v(s), in the critic's own scale."""
    returns: Tensor
    """What the critic should have said, in its own scale."""
    advantages: Tensor
    """How much better than expected each action was, in the scale of the rewards."""


def judge(
    rollout: Experience, critic: Callable[[Any], Tensor], gamma: float, gae_lambda: float, return_scale: RunningMoments | None = None
) -> Judgement:
    """Returns Gₜ^λ and advantages Aₜ = Gₜ^λ − v(sₜ) of a rollout [T, N]  (Schulman et al. 2016).

    Termination ends the discounting, truncation only the trace. With return_scale the critic speaks in units of the standard
    deviation of past returns; feed it the returns afterwards with `note_returns`.
    """
    scale = 1.0 if return_scale is None else return_scale.std()
    values, next_values = by_row(critic, rollout.obs), by_row(critic, rollout.next_obs)
    returns = lambda_returns(rollout.rewards, gamma * ~rollout.terminated, next_values * scale, gae_lambda * ~rollout.ended)
    return Judgement(values, returns / scale, returns - values * scale)


def note_returns(return_scale: RunningMoments | None, rollout: Experience, judgement: Judgement) -> None:
    """Let the scale of returns, where there is one, take in those of a rollout's transitions."""
    if return_scale is not None:
        returns = judgement.returns * return_scale.std()
        return_scale.update(returns[rollout.counted])
