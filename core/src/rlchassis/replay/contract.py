"""What an off-policy trainer asks of a replay buffer, whoever made it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
from attrs import frozen
from gymnasium import Space
from numpy.typing import NDArray
from torch import Generator, Tensor

from rlchassis.data.experience import Experience
from rlchassis.data.step import Step
from rlchassis.errors import UsageError
from rlchassis.replay.ring import Indices


@frozen(eq=False)
class Sample:
    """A sampled batch."""

    window: Experience
    """[n, B, …]: n consecutive rows from each sampled row; after the end of its episode or the newest row,
    the last is repeated and not valid. The first is always valid."""
    indices: Indices
    """[B] where the rows drawn lie, row · N + env, for handing back their priorities."""


class Replay(Sized, ABC):
    """Base class of replay buffers."""

    @property
    @abstractmethod
    def capacity(self) -> int:
        """Maximum number of transitions, summed over environments."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of stored transitions."""

    @abstractmethod
    def add(self, step: Step) -> None:
        """Store the valid rows of a step."""

    @abstractmethod
    def sample(self, batch_size: int, n: int, rng: Generator) -> Sample:
        """Windows of n rows, each beginning at a row drawn by itself; IndexError while nothing is stored."""

    def cut(self, envs: NDArray[np.bool_]) -> None:
        """Truncate the episodes of these environments [N] at their newest rows; called when a resumed run begins new ones there.

        Default: UsageError, since a window must not go on into the new episode.
        """
        raise UsageError(
            f"{type(self).__name__} does not define cut, so a run with it cannot be resumed where environments begin new episodes."
        )

    @abstractmethod
    def bytes_per_transition(self, first: Step) -> int:
        """Memory per transition in bytes, for steps like this one."""

    @property
    def prioritized(self) -> bool:
        """Whether update_priorities is called after each update. Default: False."""
        return False

    def update_priorities(self, indices: Indices, errors: Tensor) -> None:
        """Set the priorities of sampled rows to their absolute TD errors |δ| [B]. Default: nothing."""

    def set_progress(self, progress: float) -> None:
        """Set the progress of the run, 0 to 1, for annealing. Default: nothing."""

    def readings(self) -> dict[str, float]:
        """Metrics of the buffer, logged below replay/ with every row. Default: none but its size, which the trainer adds."""
        return {}

    def close(self) -> None:
        """Release what it holds besides memory, such as an environment; called at the end of the run. Default: nothing."""

    def ways_to_shrink(self, observation_space: Space[Any]) -> Sequence[str]:
        """Settings that would make it smaller, such as "set sampling.replay_buffer_ignore_obs_next". Default: none."""
        return ()
