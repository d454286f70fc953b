"""Memory of a replay buffer, computed from the spaces before training."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from rlchassis.data.step import Step
from rlchassis.envs import ActionMap, Environments, allocate
from rlchassis.envs.infos import InfoArrays
from rlchassis.errors import NotEnoughMemoryError
from rlchassis.replay import Replay


@frozen
class ReplayMemory:
    """Memory of a full replay buffer."""

    transitions: int
    per_transition: int
    """Bytes per transition."""
    ways_to_shrink: tuple[str, ...]
    """Advice on settings that reduce memory and are not used yet."""

    @classmethod
    def of(cls, buffer: Replay, envs: Environments, infos: InfoArrays | None = None) -> ReplayMemory:
        """Memory of a buffer for the spaces of these environments, and for the columns that are read from their `info`."""
        ways = tuple(buffer.ways_to_shrink(envs.observation_space))
        return cls(buffer.capacity, buffer.bytes_per_transition(example_step(envs, infos)), ways)

    def __str__(self) -> str:
        size = in_words(self.transitions * self.per_transition)
        return f"{size} of memory ({self.transitions} transitions of {self.per_transition} bytes each)"

    def require(self, free: int | None, total_steps: int) -> None:
        """NotEnoughMemoryError if it exceeds `free` bytes; None: unknown."""
        if free is None or self.transitions * self.per_transition <= free:
            return
        fitting = f"lower sampling.buffer_size to at most {free // self.per_transition}"
        if total_steps < self.transitions:
            fitting += f" (this run stores at most {total_steps})"
        ways = ", or ".join((fitting, *self.ways_to_shrink))
        raise NotEnoughMemoryError(f"the full replay buffer takes {self}, but only {in_words(free)} are free; {ways}.")


def example_step(envs: Environments, infos: InfoArrays | None = None) -> Step:
    """A step of one environment, with the shapes and dtypes of collected ones."""
    obs, flag = allocate(envs.observation_space, 1), np.zeros(1, np.bool_)
    columns = {} if infos is None else {key: array[:1] for key, array in infos.columns.items()}
    return Step(obs, ActionMap(envs.action_space).random(1, np.random.default_rng(0)), np.zeros(1), obs, flag, flag, flag, columns)


def in_words(num_bytes: int) -> str:
    """Size with a unit: KiB, MiB or GiB, the first that gives a number below 1024."""
    size = num_bytes / 1024
    for unit in ("KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
