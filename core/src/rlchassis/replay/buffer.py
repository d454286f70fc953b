"""The replay buffer: written row by row in place, read as windows of consecutive rows."""

from __future__ import annotations

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray
from torch import Generator, Tensor

from rlchassis.data.arrays import pick
from rlchassis.data.experience import Experience
from rlchassis.data.step import Step
from rlchassis.replay.priorities import BYTES_PER_PRIORITY, Priorities
from rlchassis.replay.ring import Indices, Ring
from rlchassis.replay.storage import Storage


@frozen(eq=False)
class Sample:
    """What was drawn."""

    window: Experience
    """[n, B, …]: n rows, one after the other, from each row drawn; once its episode has ended or nothing newer is stored,
    the last is repeated and not valid. The first is always valid."""
    indices: Indices
    """[B] where the rows drawn lie, for handing back their priorities."""


@define(eq=False)
class ReplayBuffer:
    """The newest transitions of N environments, each of which has a write head of its own; rows that are not valid leave nothing."""

    ring: Ring
    store_next_obs: bool = True
    """Whether successors are stored rather than found in the rows that follow."""
    stack_num: int = 1
    """Frames of an observation; where more than one, only the newest is stored."""
    priorities: Priorities | None = None
    """What is drawn more often; None: all alike."""
    _storage: Storage | None = field(default=None, init=False)

    @classmethod
    def create(
        cls,
        capacity: int,
        num_envs: int = 1,
        *,
        store_next_obs: bool = True,
        stack_num: int = 1,
        alpha: float | None = None,
        beta: float = 1.0,
    ) -> ReplayBuffer:
        """Of at least this capacity, all environments together; drawn by priority where α is given."""
        ring = Ring(-(-capacity // num_envs), num_envs, history=stack_num - 1)
        priorities = None if alpha is None else Priorities(ring.num_cells, alpha, beta)
        return cls(ring, store_next_obs, stack_num, priorities)

    def __len__(self) -> int:
        """Transitions stored."""
        return len(self.ring)

    def bytes_per_transition(self, first: Step) -> int:
        """What each transition takes of memory, of steps such as this one."""
        cell = Storage.like(first, Ring(1, 1), store_next_obs=self.store_next_obs, stack_num=self.stack_num)
        return cell.num_bytes + (0 if self.priorities is None else BYTES_PER_PRIORITY)

    def set_progress(self, progress: float) -> None:
        """How far the run is, for what changes with it."""
        if self.priorities is not None:
            self.priorities.set_progress(progress)

    def add(self, step: Step) -> None:
        """Store the valid rows of a step."""
        if self._storage is None:
            self._storage = Storage.like(step, self.ring, store_next_obs=self.store_next_obs, stack_num=self.stack_num)
        cells, envs = self.ring.claim(step.valid)
        self._storage.write(cells, step if envs is None else Step(*(pick(part, envs) for part in step)))
        if self.priorities is not None:
            self.priorities.add(self.ring.numbered(cells))
            self.priorities.remove(self.ring.incomplete(self.ring.envs_of(cells)))

    def sample(self, batch_size: int, n: int, rng: Generator) -> Sample:
        """Windows of n rows, each beginning at a row drawn by itself; IndexError while nothing is stored."""
        if self._storage is None:
            raise IndexError("a replay buffer was sampled while it was empty")
        cells, weights = self._draw(batch_size, rng)
        if n == 1:
            return Sample(self._storage.read(cells[None], np.ones((1, batch_size), np.bool_), weights[None]), cells)
        steps = np.arange(n)[:, None]
        reached = steps <= self.ring.newer(cells)
        reached[1:] &= ~np.logical_or.accumulate(self._storage.ended(self.ring.shifted(cells, steps[:-1])))
        window = self.ring.shifted(cells, np.minimum(steps, reached.sum(0) - 1))
        return Sample(self._storage.read(window, reached, np.repeat(weights[None], n, 0)), cells)

    def update_priorities(self, indices: Indices, errors: Tensor) -> None:
        """How wrong the rows drawn were judged |δ| [B] when they were last learned from."""
        if self.priorities is not None:
            self.priorities.update(indices, errors.detach().cpu().double().numpy())

    def _draw(self, batch_size: int, rng: Generator) -> tuple[Indices, NDArray[np.float32]]:
        if self.priorities is None:
            return self.ring.draw(batch_size, rng), np.ones(batch_size, np.float32)
        cells, weights = self.priorities.draw(batch_size, rng)
        return cells, weights.astype(np.float32)
