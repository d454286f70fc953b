"""Arrays for the steps of N environments, in ordinary or shared memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.data.action_layout import leaves
from rlchassis.data.arrays import pick, write
from rlchassis.data.step import Step
from rlchassis.envs.quick_checks import Check, value_check
from rlchassis.envs.spaces import AnySpace, Array, Observations, allocate, storage_dtype


@define(eq=False)
class StepArrays:
    """A row for each of N environments; fields that Step has as well are of its names and dtypes."""

    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    obs: Observations
    """[N, …] observations to act on next; of the new episode where one ended."""
    final_obs: Observations
    """[N, …] final observations in steps that end an episode; stale in other steps."""
    obs_possible: Check
    """Whether all are finite and, where they are integers, within the space; takes a fraction of a microsecond."""

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int, new: Any = np.zeros) -> StepArrays:
        """Room made by `new(shape, dtype)`, in the order of the fields."""
        rewards = new((num_envs,), np.dtype(np.float64))
        terminated, truncated, valid = (new((num_envs,), np.dtype(np.bool_)) for _ in range(3))
        obs, final_obs = (allocate(observation_space, num_envs, new=new) for _ in range(2))
        return cls(rewards, terminated, truncated, valid, obs, final_obs, value_check(observation_space, obs))

    @staticmethod
    def num_bytes(observation_space: AnySpace, num_envs: int, alignment: int) -> int:
        """What allocate asks for in all, where each array begins at a multiple of an alignment."""
        obs = [
            aligned(num_envs * math.prod(part.shape or ()) * storage_dtype(part).itemsize, alignment)
            for _, part in leaves(observation_space)
        ]
        return aligned(8 * num_envs, alignment) + 3 * aligned(num_envs, alignment) + 2 * sum(obs)

    def part(self, observation_space: AnySpace, span: slice) -> StepArrays:
        """Some of the rows, in the same memory."""
        terminated, truncated, valid = (flags[span] for flags in (self.terminated, self.truncated, self.valid))
        obs, final_obs = pick(self.obs, span), pick(self.final_obs, span)
        return StepArrays(self.rewards[span], terminated, truncated, valid, obs, final_obs, value_check(observation_space, obs))

    def set_ends(self, ends: list[tuple[int, bool, bool]]) -> None:
        """In which rows episodes ended: (row, terminated, truncated)."""
        self.terminated.fill(False)
        self.truncated.fill(False)
        for row, terminated, truncated in ends:
            self.terminated[row], self.truncated[row] = terminated, truncated

    def copy_answers(self, span: slice, other: StepArrays) -> None:
        """Take outcomes and observations of a span from other rows."""
        self.rewards[span], self.terminated[span], self.truncated[span] = other.rewards[span], other.terminated[span], other.truncated[span]
        write(self.obs, span, pick(other.obs, span))

    def set_valid(self, valid: NDArray[np.bool_] | None) -> None:
        """Which rows are transitions, None: all; the others have no reward and no end."""
        if valid is None:
            self.valid.fill(True)
            return
        self.valid[:] = valid
        self.rewards[~valid] = 0.0
        self.terminated[~valid] = self.truncated[~valid] = False


@define(eq=False)
class DoubleBuffer:
    """Two sets of arrays used alternately, so that the observations that a policy acts on outlive the step."""

    current: StepArrays
    previous: StepArrays
    columns: dict[str, Any] = field(factory=dict)
    """[N, …] columns of each step, by key of `info`."""

    @classmethod
    def allocate(cls, observation_space: AnySpace, num_envs: int) -> DoubleBuffer:
        """Two sets in ordinary memory."""
        return cls(StepArrays.allocate(observation_space, num_envs), StepArrays.allocate(observation_space, num_envs))

    def turn(self, *, keep_obs: bool = False) -> StepArrays:
        """The set to write now; what was current becomes previous. Observations are kept for a step in which environments rest."""
        self.current, self.previous = self.previous, self.current
        if keep_obs:
            write(self.current.obs, slice(None), self.previous.obs)
        return self.current

    def as_step(self, actions: Array, any_ended: bool, valid: NDArray[np.bool_] | None) -> tuple[Step, Observations]:
        """What was written since the last turn, and the observations to act on next; nothing is copied. valid None: all rows are."""
        now = self.current
        now.set_valid(valid)
        next_obs = now.final_obs if any_ended else now.obs
        step = Step(self.previous.obs, actions, now.rewards, next_obs, now.terminated, now.truncated, now.valid, self.columns)
        return step, now.obs


def aligned(size: int, alignment: int) -> int:
    """The next multiple."""
    return -(-size // alignment) * alignment
