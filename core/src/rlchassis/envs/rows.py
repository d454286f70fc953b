"""Where the answers of several environments are written: struct of arrays, in ordinary or in shared memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from rlchassis.envs.quick_checks import Check, value_check
from rlchassis.envs.spaces import AnySpace, Observations, allocate, leaves, pick, storage_dtype, write
from rlchassis.envs.vector import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray


@define(eq=False)
class Rows:
    """One row for each of N environments."""

    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    observations: Observations
    final_observations: Observations
    """Successors in steps that end an episode somewhere; stale in all others."""
    observations_possible: Check
    """Whether all are finite and, where they are integers, within the space; takes a fraction of a microsecond."""

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int, new: Any = np.zeros) -> Rows:
        """Room made by `new(shape, dtype)`, in the order of the fields."""
        rewards = new((num_envs,), np.dtype(np.float64))
        terminated, truncated, counted = (new((num_envs,), np.dtype(np.bool_)) for _ in range(3))
        observations, final_observations = (allocate(observation_space, num_envs, new=new) for _ in range(2))
        possible = value_check(observation_space, observations)
        return cls(rewards, terminated, truncated, counted, observations, final_observations, possible)

    @staticmethod
    def num_bytes(observation_space: AnySpace, num_envs: int, alignment: int) -> int:
        """What allocate asks for in all, where each array begins at a multiple of an alignment."""
        observations = [
            aligned(num_envs * math.prod(part.shape or ()) * storage_dtype(part).itemsize, alignment)
            for _, part in leaves(observation_space)
        ]
        return aligned(8 * num_envs, alignment) + 3 * aligned(num_envs, alignment) + 2 * sum(observations)

    def part(self, observation_space: AnySpace, span: slice) -> Rows:
        """Some of the rows, in the same memory."""
        terminated, truncated, counted = (flags[span] for flags in (self.terminated, self.truncated, self.counted))
        observations, final_observations = (pick(tree, span) for tree in (self.observations, self.final_observations))
        possible = value_check(observation_space, observations)
        return Rows(self.rewards[span], terminated, truncated, counted, observations, final_observations, possible)

    def set_ends(self, ends: list[tuple[int, bool, bool]]) -> None:
        """In which rows episodes ended: (row, terminated, truncated)."""
        self.terminated.fill(False)
        self.truncated.fill(False)
        for row, terminated, truncated in ends:
            self.terminated[row], self.truncated[row] = terminated, truncated

    def copy_answers(self, span: slice, other: Rows) -> None:
        """Take outcomes and observations of a span from other rows."""
        self.rewards[span], self.terminated[span], self.truncated[span] = other.rewards[span], other.terminated[span], other.truncated[span]
        write(self.observations, span, pick(other.observations, span))

    def as_step(self, any_ended: bool, counted: NDArray[np.bool_] | None) -> Step:
        """The rows as they are now, not copied; those that do not count have no reward and no end. None: all count."""
        if counted is None:
            self.counted.fill(True)
        else:
            self.counted[:] = counted
            self.rewards[~counted] = 0.0
            self.terminated[~counted] = self.truncated[~counted] = False
        successors = self.final_observations if any_ended else self.observations
        return Step(self.observations, self.rewards, self.terminated, self.truncated, successors, self.counted)


@define(eq=False)
class DoubleRows:
    """Two sets of rows used in turn, so that what a call returned survives the next call."""

    current: Rows
    previous: Rows

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int) -> DoubleRows:
        """Two sets in ordinary memory."""
        return cls(Rows.allocate(observation_space, num_envs), Rows.allocate(observation_space, num_envs))

    def turn(self, *, keep_observations: bool = False) -> Rows:
        """The set to write now; what was current becomes previous. Observations are kept for a step in which environments rest."""
        self.current, self.previous = self.previous, self.current
        if keep_observations:
            write(self.current.observations, slice(None), self.previous.observations)
        return self.current


def aligned(size: int, alignment: int) -> int:
    """The next multiple."""
    return -(-size // alignment) * alignment
