"""Where the answers of several environments are written: struct of arrays, in ordinary or in shared memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from rlchassis.envs.spaces import AnySpace, Observations, allocate, write
from rlchassis.envs.vector import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int, new: Any = np.zeros) -> Rows:
        """Room made by `new(shape, dtype)`, in the order of the fields."""
        rewards = new((num_envs,), np.dtype(np.float64))
        terminated, truncated, counted = (new((num_envs,), np.dtype(np.bool_)) for _ in range(3))
        observations, final_observations = (allocate(observation_space, num_envs, new=new) for _ in range(2))
        return cls(rewards, terminated, truncated, counted, observations, final_observations)

    def set_outcomes(self, chosen: Sequence[int], rewards: list[float], terminated: list[bool], truncated: list[bool]) -> None:
        """What the chosen rows, in ascending order, came to."""
        index: Any = slice(None) if len(chosen) == len(self.rewards) else chosen
        self.rewards[index] = rewards
        self.terminated[index] = terminated
        self.truncated[index] = truncated

    def copy_answers(self, span: slice, other: Rows) -> None:
        """Take outcomes and observations from rows that stand in this span here."""
        self.rewards[span], self.terminated[span], self.truncated[span] = other.rewards, other.terminated, other.truncated
        write(self.observations, span, other.observations)

    def as_step(self, any_ended: bool, counted: NDArray[np.bool_] | None) -> Step:
        """The rows as they are now, not copied; those that do not count have no reward and no end. None: all count."""
        self.counted[:] = True if counted is None else counted
        if counted is not None:
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
