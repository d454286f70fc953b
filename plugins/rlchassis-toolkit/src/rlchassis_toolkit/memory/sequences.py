"""Rollouts as sequences: what a recurrent policy learns from in place of single rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import torch
from attrs import evolve, frozen
from torch import Generator, Tensor

from rlchassis.api import Experience, Observation, TensorStruct, map_tensors

MEMORY = "memory"
"""Column of the recurrent state before each step."""


@frozen(eq=False)
class Steps(TensorStruct):
    """Observations, and the recurrent states from which features are unrolled; every field is [B, T, …], or [T, N, …] of a rollout."""

    obs: Observation
    states: Tensor
    """States before each row, as recorded while acting, [B, T, S]."""
    fresh: Tensor
    """Whether the recorded state is taken at a row, bool [B, T], where it does not follow from the row before."""

    @classmethod
    def of(cls, rollout: Experience) -> Steps:
        """Steps of a rollout [T, N, …]: recorded states are taken where an episode begins, and after a row that is no transition."""
        fresh, states = torch.zeros_like(rollout.valid), rollout.columns[MEMORY]
        fresh[1:] = (rollout.ended | ~rollout.valid)[:-1]
        assert isinstance(states, Tensor)
        return cls(rollout.obs, states, fresh)

    def transposed(self) -> Self:
        """The first two dimensions exchanged."""
        return map_tensors(lambda part: part.transpose(0, 1), self)


@frozen(eq=False)
class Recording(TensorStruct):
    """Steps of a rollout [T, N, …] with the sequences that they are cut into."""

    steps: Steps
    parts: Tensor
    """Number of the sequence of its environment that each row belongs to, [T, N]."""

    @classmethod
    def of(cls, rollout: Experience, sequence_length: int) -> Recording:
        """Recording of a rollout, to be learned from in sequences of this length."""
        rows = torch.arange(len(rollout), device=rollout.valid.device)
        return cls(Steps.of(rollout), (rows // sequence_length)[:, None].expand_as(rollout.valid))

    @property
    def length(self) -> int:
        """Number of rows of a sequence."""
        return int((self.parts[:, 0] == 0).sum())


@frozen(eq=False)
class Sequences(TensorStruct):
    """B sequences of T steps."""

    rows: Tensor
    """Rows that are learned from, as indices [R] into the B·T rows; others are padding or burn-in."""
    steps: Steps

    def numbers(self) -> Tensor:
        """Number of each row among those that are learned from, [B, T]; −1 for the others."""
        numbers = torch.full(self.steps.fresh.shape, -1, device=self.rows.device)
        numbers.view(-1)[self.rows] = torch.arange(len(self.rows), device=self.rows.device)
        return numbers


@frozen(eq=False)
class RolloutBatch(TensorStruct):
    """Base class of batches of a rollout: minibatches are shuffled rows, or whole sequences where the policy has a memory."""

    obs: Observation | Recording | Sequences
    """Observations; with a memory a Recording [T, N, …], of which flatten makes Sequences."""
    actions: Tensor

    def flatten(self, keep: Tensor | None = None) -> Self:
        """Flatten [T, N, …] to rows [R, …]; with a memory in the order of its sequences, the last of which may be padded."""
        recorded = self.obs
        if not isinstance(recorded, Recording):
            return super().flatten(keep)
        length = recorded.length
        kept = _cut(torch.ones_like(recorded.steps.fresh) if keep is None else keep, length)
        rows = kept.flatten().nonzero().squeeze(-1)
        flat = map_tensors(lambda part: _cut(part, length).flatten(0, 1)[rows], evolve(self, obs={}))
        return evolve(flat, obs=Sequences(rows, map_tensors(lambda part: _cut(part, length), recorded.steps)))

    def minibatches(self, batch_size: int | None, rng: Generator) -> Iterator[Self]:
        """Iterate over shuffled minibatches of batch_size rows, or of as many sequences as hold that many, at least one."""
        sequences = self.obs
        if not isinstance(sequences, Sequences):
            yield from super().minibatches(batch_size, rng)
            return
        number, length = sequences.steps.fresh.shape
        together = number if batch_size is None else max(1, batch_size // length)
        if number < 2 * together:
            yield self
            return
        numbers, order = sequences.numbers(), torch.randperm(number, generator=rng, device=rng.device)
        count = number // together
        for i in range(count):
            chosen = order[i * together : (i + 1) * together if i < count - 1 else number]
            yield self._picked(sequences.steps[chosen], numbers[chosen].flatten())

    def _picked(self, steps: Steps, numbers: Tensor) -> Self:
        """The rows of some of the sequences; numbers: of each of their rows among all that are learned from, −1 for others."""
        rows = (numbers >= 0).nonzero().squeeze(-1)
        picked = evolve(self, obs={})[numbers[rows]]
        return evolve(picked, obs=Sequences(rows, steps))


def _cut(part: Tensor, length: int) -> Tensor:
    """[T, N, …] → sequences [B, length, …] of one environment each, the last of each padded by zeros."""
    missing = -len(part) % length
    padded = torch.cat([part, part.new_zeros(missing, *part.shape[1:])]) if missing else part
    return padded.reshape(-1, length, *part.shape[1:]).movedim(2, 0).flatten(0, 1)
