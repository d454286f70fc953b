"""Windows of replay as sequences: n-step transitions of every row, unrolled from recorded states (Kapturowski et al. 2019)."""

from __future__ import annotations

from typing import Any

import torch
from attrs import evolve, frozen
from torch import Tensor

from rlchassis.api import Experience, Observation, TensorStruct, Transition, map_tensors
from rlchassis_toolkit.memory.memory import Memory
from rlchassis_toolkit.memory.sequences import MEMORY, Sequences, Steps
from rlchassis_toolkit.returns import n_step_transition


@frozen(eq=False)
class Successors(TensorStruct):
    """Next observations of R transitions."""

    rows: Tensor
    """Rows whose steps led to them, as indices [R] into the B·T rows of the sequences."""
    obs: Observation
    """[R, …]."""


def sequence_transition(window: Experience, gamma: float, *, length: int, burn_in: int) -> Transition:
    """n-step transitions [length · B] of the rows that follow the burn-in, from windows [burn_in + length + n − 1, B, …].

    obs are Sequences and next_obs Successors, of which a memory makes features. Rows that are not valid get weight 0, and the others are
    scaled up, so that a mean over all rows is one over valid rows.
    """
    size, batch_size = window.rewards.shape
    n = size - burn_in - length + 1
    numbers = torch.arange(batch_size * size, device=window.rewards.device).view(batch_size, size).T
    numbered = evolve(window, obs=numbers, next_obs=numbers, columns={})
    parts = [map_tensors(lambda part, k=k: part[burn_in + k : burn_in + k + length].flatten(0, 1), numbered) for k in range(n)]
    step = n_step_transition(map_tensors(lambda *rows: torch.stack(rows), *parts), gamma)
    rows, next_rows = step.obs, step.next_obs
    assert isinstance(rows, Tensor)
    assert isinstance(next_rows, Tensor)
    valid = parts[0].valid.to(step.weights.dtype)
    following = map_tensors(lambda part: part.transpose(0, 1).flatten(0, 1)[next_rows], window.next_obs)
    seen: Any = {"obs": Sequences(rows, _steps(window)), "next_obs": Successors(next_rows, following)}
    return evolve(step, weights=step.weights * valid / valid.mean(), **seen)


def features_of(batch: Transition, memory: Memory) -> tuple[Observation, Observation]:
    """Features [R, …] of the observations of a batch of sequences, and those of next observations, without gradient."""
    after = memory.unroll(_sequences(batch).steps)
    return memory.rows_seen(after, _sequences(batch)), _next_seen(batch, after, memory)


@torch.no_grad()
def next_features_of(batch: Transition, memory: Memory) -> Observation:
    """Features [R, …] of the next observations alone, without gradient, as those of a target memory."""
    return _next_seen(batch, memory.unroll(_sequences(batch).steps), memory)


def _sequences(batch: Transition) -> Sequences:
    assert isinstance(batch.obs, Sequences)
    return batch.obs


@torch.no_grad()
def _next_seen(batch: Transition, after: Tensor, memory: Memory) -> Observation:
    following = batch.next_obs
    assert isinstance(following, Successors)
    return memory.seen(memory(following.obs, after.flatten(0, 1)[following.rows]), following.obs)


def _steps(window: Experience) -> Steps:
    """Steps [B, T, …] of windows: recorded states are taken for the first valid row."""
    fresh = torch.zeros_like(window.valid)
    fresh[1:] = window.valid[1:] & ~window.valid[:-1]
    states = window.columns[MEMORY]
    assert isinstance(states, Tensor)
    return Steps(window.obs, states, fresh).transposed()


def sequence_priorities(errors: Tensor, weights: Tensor, length: int, eta: float = 0.9) -> Tensor:
    """Priorities of sequences [B]:  η max |δ| + (1 − η) mean |δ|  over the valid rows of each  (Kapturowski et al. 2019, section 2.3).

    errors, weights: |δ| and weights of rows [length · B], 0 for those that are not valid
    """
    valid = (weights > 0).view(length, -1)
    errors = errors.view(length, -1) * valid
    return eta * errors.amax(0) + (1 - eta) * errors.sum(0) / valid.sum(0)
