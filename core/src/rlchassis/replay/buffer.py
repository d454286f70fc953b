"""The replay buffer: written row by row in place, sampled as windows of n consecutive rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define, field
from gymnasium.spaces import Box, Space
from numpy.typing import NDArray
from torch import Generator, Tensor

from rlchassis.data.arrays import map_arrays, pick
from rlchassis.data.state_restoring import plain_value
from rlchassis.data.step import Step
from rlchassis.replay.contract import Replay, Sample
from rlchassis.replay.priorities import BYTES_PER_PRIORITY, Priorities
from rlchassis.replay.ring import Indices, Ring
from rlchassis.replay.storage import Storage


@define(eq=False)
class ReplayBuffer(Replay):
    """Replay buffer of the newest transitions of N environments, one write head each; only valid rows are stored."""

    ring: Ring
    store_next_obs: bool = True
    """Whether next observations are stored, instead of read from the following rows."""
    stack_num: int = 1
    """Frames per observation; if more than one, only the newest is stored."""
    priorities: Priorities | None = None
    """Priorities for prioritized replay; None: uniform sampling."""
    _first: Step | None = field(default=None, init=False)
    """The first step, whose shapes and dtypes those of the storage are."""
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
        """Create a buffer of at least this capacity, summed over environments; prioritized if alpha is given."""
        ring = Ring(-(-capacity // num_envs), num_envs, history=stack_num - 1)
        priorities = None if alpha is None else Priorities(ring.num_cells, alpha, beta)
        return cls(ring, store_next_obs, stack_num, priorities)

    @property
    def capacity(self) -> int:
        """See Replay."""
        return self.ring.num_cells

    @property
    def prioritized(self) -> bool:
        """See Replay."""
        return self.priorities is not None

    def readings(self) -> dict[str, float]:
        """See Replay."""
        return {} if self.priorities is None else {"beta": self.priorities.current_beta}

    def ways_to_shrink(self, observation_space: Space[Any]) -> list[str]:
        """See Replay."""
        ways = ["set sampling.replay_buffer_ignore_obs_next"] if self.store_next_obs else []
        if self.stack_num == 1 and isinstance(observation_space, Box) and len(observation_space.shape) > 1:
            ways.append("store one frame of each stack (sampling.replay_buffer_save_only_last_obs with replay_buffer_stack_num)")
        return ways

    def __len__(self) -> int:
        """Number of stored transitions."""
        return len(self.ring)

    def bytes_per_transition(self, first: Step) -> int:
        """Memory per transition in bytes, for steps like this one."""
        cell = Storage.like(first, Ring(1, 1), store_next_obs=self.store_next_obs, stack_num=self.stack_num)
        return cell.num_bytes + (0 if self.priorities is None else BYTES_PER_PRIORITY)

    def set_progress(self, progress: float) -> None:
        """Set the progress of the run, 0 to 1, for annealing β."""
        if self.priorities is not None:
            self.priorities.set_progress(progress)

    def add(self, step: Step) -> None:
        """Store the valid rows of a step."""
        if self._storage is None:
            self._make_storage(step)
            assert self._storage is not None
        cells, envs = self.ring.claim(step.valid)
        self._storage.write(cells, step if envs is None else Step(*(pick(part, envs) for part in step)))
        if self.priorities is not None:
            self.priorities.add(self.ring.numbered(cells))
            self.priorities.remove(self.ring.incomplete(self.ring.envs_of(cells)))

    def _make_storage(self, first: Step) -> None:
        self._first = Step(*(map_arrays(np.copy, part) for part in first))
        self._storage = Storage.like(first, self.ring, store_next_obs=self.store_next_obs, stack_num=self.stack_num)

    def make_room(self, fields: dict[str, Any]) -> None:
        """Make a storage for stored rows; see data/state_restoring.py."""
        if fields["_first"] is not None:
            self._make_storage(Step(*plain_value(fields["_first"], "first")))

    def cut(self, envs: NDArray[np.bool_]) -> None:
        """Truncate the episodes of these environments [N] at their newest row."""
        if self._storage is not None:
            self._storage.cut(self.ring.newest(np.flatnonzero(envs)))

    def sample(self, batch_size: int, n: int, rng: Generator, *, before: int = 0) -> Sample:
        """Windows of n rows, each beginning at a row drawn by itself; IndexError while nothing is stored.

        before: number of rows before it that windows begin with; where the episode or what is stored begins later, its first row is
        repeated and not valid
        """
        if self._storage is None:
            raise IndexError("a replay buffer was sampled while it was empty")
        cells, weights = self._draw(batch_size, rng)
        if n == 1 and not before:
            return Sample(self._storage.read(cells[None], np.ones((1, batch_size), np.bool_), weights[None]), cells)
        steps = np.arange(n)[:, None]
        reached = steps <= self.ring.newer(cells)
        reached[1:] &= ~np.logical_or.accumulate(self._storage.ended(self.ring.shifted(cells, steps[:-1])))
        window = self.ring.shifted(cells, np.minimum(steps, reached.sum(0) - 1))
        if before:
            earlier = self._earlier(cells, before)
            reached = np.concatenate([earlier, reached])
            steps = np.arange(before, 0, -1)[:, None]
            window = np.concatenate([self.ring.shifted(cells, -np.minimum(steps, earlier.sum(0))), window])
        return Sample(self._storage.read(window, reached, np.repeat(weights[None], before + n, 0)), cells)

    def _earlier(self, cells: Indices, before: int) -> NDArray[np.bool_]:
        """Which of the rows before each cell are stored and of its episode, oldest first, [before, B]."""
        assert self._storage is not None
        steps = np.arange(1, before + 1)[:, None]
        ended = np.logical_or.accumulate(self._storage.ended(self.ring.shifted(cells, -steps)))
        return ((steps <= self.ring.older(cells)) & ~ended)[::-1]

    def update_priorities(self, indices: Indices, errors: Tensor) -> None:
        """Set the priorities of sampled rows to their absolute TD errors |δ| [B]."""
        if self.priorities is not None:
            self.priorities.update(indices, errors.detach().cpu().double().numpy())

    def _draw(self, batch_size: int, rng: Generator) -> tuple[Indices, NDArray[np.float32]]:
        if self.priorities is None:
            return self.ring.draw(batch_size, rng), np.ones(batch_size, np.float32)
        cells, weights = self.priorities.draw(batch_size, rng)
        return cells, weights.astype(np.float32)
