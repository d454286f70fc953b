"""Storage of stacked frames: only the newest frame of each stack is stored, the others are read from earlier rows.

An action mask beside the stack is stored whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import define
from gymnasium import spaces
from numpy.typing import NDArray

from rlchassis.data.action_layout import ACTION_MASK, OBSERVATION
from rlchassis.data.step import Step
from rlchassis.errors import UsageError
from rlchassis.replay.observations import Observations
from rlchassis.replay.ring import Indices, Ring


@define(eq=False)
class OneFramePerStep:
    """Stacks [k, …], oldest frame first, padded with the episode's first frame, as gymnasium's FrameStackObservation does."""

    _frames: Observations
    _ring: Ring
    _stack_num: int
    _ended: Callable[[Indices], NDArray[np.bool_]]

    @property
    def num_bytes(self) -> int:
        """See Observations."""
        return self._frames.num_bytes

    def write(self, cells: Any, step: Step) -> None:
        """See Observations."""
        self._frames.write(cells, newest_frames(step))

    def cut(self, cells: Indices) -> None:
        """See Observations."""
        self._frames.cut(cells)

    def obs(self, cells: Indices) -> Any:
        """See Observations."""
        found = self._frames.obs(self._with_earlier(cells, self._stack_num))
        return {**found, ACTION_MASK: found[ACTION_MASK][..., -1, :]} if isinstance(found, dict) else found

    def next_obs(self, cells: Indices, ended: NDArray[np.bool_]) -> Any:
        """See Observations."""
        earlier = self._frames.obs(self._with_earlier(cells, self._stack_num - 1))
        latest = self._frames.next_obs(cells, ended)
        newest = np.expand_dims(stack_of(latest), cells.ndim)
        return with_stack(latest, np.concatenate([stack_of(earlier), newest], cells.ndim))

    def _with_earlier(self, cells: Indices, count: int) -> Indices:
        """[n, B] → [n, B, count]: the cells of the rows up to each, within its episode."""
        rows = [cells]
        for _ in range(count - 1):
            rows.append(self._before(rows[-1]))
        return np.stack(rows[::-1], -1)

    def _before(self, cells: Indices) -> Indices:
        """The preceding cell of each, or the cell itself at the start of its episode."""
        before = self._ring.shifted(cells, -1)
        return np.where(self._ring.is_oldest(cells) | self._ended(before), cells, before)


def stack_of(obs: Any) -> Any:
    """Observations without their action mask."""
    return obs[OBSERVATION] if isinstance(obs, dict) else obs


def with_stack(obs: Any, stack: Any) -> Any:
    """Observations with something else for their stacks, and their own action masks."""
    return {**obs, OBSERVATION: stack} if isinstance(obs, dict) else stack


def newest_frames(step: Step) -> Step:
    """The step with only the newest frame of each stack [N, k, …]."""
    obs, next_obs = (with_stack(part, stack_of(part)[:, -1]) for part in (step.obs, step.next_obs))
    return step._replace(obs=obs, next_obs=next_obs)


def require_space_of_stacks(space: spaces.Space[Any], stack_num: int) -> None:
    """UsageError unless observations of this space, which has no action mask, are stacks of stack_num frames."""
    if not isinstance(space, spaces.Box) or space.shape[:1] != (stack_num,):
        raise UsageError(
            f"replay_buffer_stack_num is {stack_num}, but the environment observes {space}: it must be a stack of that many frames, "
            "such as gymnasium's FrameStackObservation makes; leave the setting out otherwise."
        )


def require_stacks(first: Step) -> None:
    """UsageError unless the first stack of an episode repeats its first frame, so that it can be rebuilt."""
    obs = stack_of(first.obs)
    if (obs != obs[:, -1:]).any():
        raise UsageError(
            "replay_buffer_save_only_last_obs rebuilds the first stack of an episode by repeating its first frame, which is not how this "
            "environment begins: let it repeat the first frame (padding_type='reset') or leave the setting out."
        )
