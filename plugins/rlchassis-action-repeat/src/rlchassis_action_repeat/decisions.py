"""Rollouts of decisions, made of rollouts of steps with repeated actions. Pure functions of tensors."""

from __future__ import annotations

import torch
from attrs import evolve
from torch import Tensor

from rlchassis.api import Experience, map_tensors


def decisions_of(rollout: Experience, decides: Tensor, times: int) -> Experience:
    """The decisions of a rollout [T, N, …], first in its rows; the rest is not valid.

    A decision has the observation and the action of its first step, the sum of the rewards of its steps, and the next observation and
    the end of its last. It is whole after `times` steps, or with the end of an episode; those that the rollout cuts are left out.

    decides: steps whose action was chosen and not repeated, bool [T, N]
    """
    first, last, steps = _bounds(decides & rollout.valid, rollout.valid)
    envs = torch.arange(first.shape[1], device=first.device).expand_as(first)
    chosen = map_tensors(lambda part: part[first, envs], rollout)
    ended = map_tensors(lambda part: part[last, envs], rollout)
    return evolve(
        chosen,
        rewards=_summed(rollout.rewards * rollout.valid, decides & rollout.valid),
        next_obs=ended.next_obs,
        terminated=ended.terminated,
        truncated=ended.truncated,
        valid=(steps == times) | (ended.terminated | ended.truncated) & (steps > 0),
    )


def _bounds(decides: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """First row, last row and number of steps of the i-th decision of each environment, each [T, N]; 0 where there is none."""
    rows = torch.arange(len(valid), device=valid.device)[:, None].expand_as(valid)
    number, zeros = decides.cumsum(0), torch.zeros(len(valid) + 1, valid.shape[1], dtype=torch.long, device=valid.device)
    first = zeros.scatter_reduce(0, number, rows * decides, "amax")
    last = zeros.scatter_reduce(0, number, rows * valid, "amax")
    return first[1:], last[1:], zeros.scatter_add(0, number, valid.long())[1:]


def _summed(rewards: Tensor, decides: Tensor) -> Tensor:
    """Sum of the rewards of the i-th decision of each environment, [T, N]."""
    return rewards.new_zeros(len(rewards) + 1, rewards.shape[1]).scatter_add(0, decides.cumsum(0), rewards)[1:]
