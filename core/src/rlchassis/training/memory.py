"""How much memory a replay buffer takes, known from the spaces before anything is collected."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from gymnasium.spaces import Box

from rlchassis.data.step import Step
from rlchassis.envs import ActionMap, Environments, allocate
from rlchassis.errors import NotEnoughMemoryError
from rlchassis.replay import ReplayBuffer


@frozen
class ReplayMemory:
    """What a full replay buffer takes, and how that comes about."""

    transitions: int
    per_transition: int
    """Bytes."""
    ways_to_shrink: tuple[str, ...]
    """Settings that are not used yet."""

    @classmethod
    def of(cls, buffer: ReplayBuffer, envs: Environments) -> ReplayMemory:
        """For what is seen and done in these environments."""
        ways = ["set sampling.replay_buffer_ignore_obs_next"] if buffer.store_next_obs else []
        if buffer.stack_num == 1 and isinstance(envs.observation_space, Box) and len(envs.observation_space.shape) > 1:
            ways.append("store one frame of each stack (sampling.replay_buffer_save_only_last_obs with replay_buffer_stack_num)")
        return cls(buffer.ring.num_cells, buffer.bytes_per_transition(example_step(envs)), tuple(ways))

    def __str__(self) -> str:
        size = in_words(self.transitions * self.per_transition)
        return f"{size} of memory ({self.transitions} transitions of {self.per_transition} bytes each)"

    def require(self, free: int | None, total_steps: int) -> None:
        """NotEnoughMemoryError where it is more than what is free; None is not known."""
        if free is None or self.transitions * self.per_transition <= free:
            return
        fitting = f"lower sampling.buffer_size to at most {free // self.per_transition}"
        if total_steps < self.transitions:
            fitting += f" (this run fills no more than {total_steps})"
        ways = ", or ".join((fitting, *self.ways_to_shrink))
        raise NotEnoughMemoryError(f"the replay buffer takes {self} when it is full, but {in_words(free)} are free here; {ways}.")


def example_step(envs: Environments) -> Step:
    """A step of one environment, of the shapes and dtypes that are collected."""
    obs, flag = allocate(envs.observation_space, 1), np.zeros(1, np.bool_)
    return Step(obs, ActionMap(envs.action_space).random(1, np.random.default_rng(0)), np.zeros(1), obs, flag, flag, flag)


def in_words(num_bytes: int) -> str:
    """In KiB, MiB or GiB, whichever gives a number below 1024."""
    size = num_bytes / 1024
    for unit in ("KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
