"""Where the answers of several environments are written: struct of arrays, in ordinary or in shared memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from rlchassis.envs.spaces import AnySpace, Array, Observations, allocate, write
from rlchassis.envs.vector import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALIGNMENT = 64


@define(eq=False)
class Rows:
    """One row for each of N environments."""

    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    observations: Observations
    final_observations: Observations
    """Successors in steps that end an episode somewhere; stale in all others."""

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int, new: Any = np.zeros) -> Rows:
        """Room made by `new(shape, dtype)`, in the order of the fields."""
        rewards = new((num_envs,), np.dtype(np.float64))
        terminated, truncated = new((num_envs,), np.dtype(np.bool_)), new((num_envs,), np.dtype(np.bool_))
        observations = allocate(observation_space, num_envs, new=new)
        return cls(rewards, terminated, truncated, observations, allocate(observation_space, num_envs, new=new))

    def set_outcomes(self, chosen: Sequence[int], rewards: list[float], terminated: list[bool], truncated: list[bool]) -> None:
        """What the chosen rows, in ascending order, came to."""
        index: Any = slice(None) if len(chosen) == len(self.rewards) else chosen
        self.rewards[index] = rewards
        self.terminated[index] = terminated
        self.truncated[index] = truncated

    def copy_answers(self, span: slice, other: Rows) -> None:
        """Take all but the final observations from rows that stand in this span here."""
        self.rewards[span], self.terminated[span], self.truncated[span] = other.rewards, other.terminated, other.truncated
        write(self.observations, span, other.observations)

    def clear_outcomes(self) -> None:
        """No reward and no end anywhere: what rows say that are not stepped."""
        self.rewards[:] = 0.0
        self.terminated[:] = False
        self.truncated[:] = False

    def as_step(self, any_ended: bool, counted: NDArray[np.bool_]) -> Step:
        """The rows as they are now, not copied."""
        successors = self.final_observations if any_ended else self.observations
        return Step(self.observations, self.rewards, self.terminated, self.truncated, successors, counted)


@define(eq=False)
class DoubleRows:
    """Two sets of rows used in turn, so that what a call returned survives the next call."""

    current: Rows
    previous: Rows

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int) -> DoubleRows:
        """Two sets in ordinary memory."""
        return cls(Rows.allocate(observation_space, num_envs), Rows.allocate(observation_space, num_envs))

    def turn(self) -> Rows:
        """The set to write now; what was current becomes previous."""
        self.current, self.previous = self.previous, self.current
        return self.current

    def turn_keeping_observations(self) -> Rows:
        """Like turn, for a step in which some environments rest."""
        rows = self.turn()
        write(rows.observations, slice(None), self.previous.observations)
        rows.clear_outcomes()
        return rows


@define(eq=False)
class Carver:
    """Hands out one piece of a buffer after another; without a buffer it only adds up how much that would take."""

    buffer: Any = None
    used: int = 0

    def __call__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        offset = -(-self.used // ALIGNMENT) * ALIGNMENT
        self.used = offset + int(np.prod(shape)) * dtype.itemsize
        if self.buffer is None:
            return np.empty(0, dtype)
        return np.ndarray(shape, dtype, self.buffer, offset)


def bytes_of_rows(observation_space: AnySpace, num_envs: int) -> tuple[int, int]:
    """How much room carved Rows take in all, and how much of it stands before the final observations."""
    carver = Carver()
    Rows.allocate(observation_space, num_envs, carver)
    everything = carver.used
    one_tree = Carver()
    allocate(observation_space, num_envs, new=one_tree)
    return everything, everything - one_tree.used
