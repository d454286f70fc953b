"""Environments of this very process, stepped one after another; the fastest way for cheap environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from attrs import define, field

from rlchassis.envs.actions import ActionMap, one_by_one
from rlchassis.envs.chunk import Chunk, Env, EnvConstructor
from rlchassis.envs.progress import Progress
from rlchassis.envs.rows import DoubleRows
from rlchassis.envs.vector import EnvTraits, Step, VectorEnvironment, require_num_envs, require_seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rlchassis.envs.spaces import Array, Observations


@define(eq=False)
class InProcessEnvironment(VectorEnvironment):
    """Made by open from constructors; where an episode ends, the next one begins in the same step."""

    _chunk: Chunk
    traits: EnvTraits = field(init=False)
    num_envs: int = field(init=False)
    partial: bool = field(init=False, default=True)
    _action_map: ActionMap = field(init=False)
    _rows: DoubleRows = field(init=False)
    _all: range = field(init=False)
    _all_counted: NDArray[np.bool_] = field(init=False)
    _closed: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self.traits, self.num_envs = self._chunk.traits, len(self._chunk.envs)
        self._action_map = ActionMap(self.action_space)
        self._rows = DoubleRows.allocate(self.observation_space, self.num_envs)
        self._all, self._all_counted = range(self.num_envs), np.ones(self.num_envs, np.bool_)
        self._all_counted.flags.writeable = False

    @classmethod
    def open(cls, constructors: Sequence[EnvConstructor]) -> Self:
        """Construct the environments, one from each constructor."""
        require_num_envs(len(constructors))
        num_envs = len(constructors)
        return cls(Chunk.open(constructors, Progress.over([0] * Progress.cells_needed(num_envs), num_envs)))

    @property
    def envs(self) -> list[Env]:
        """The environments themselves."""
        return self._chunk.envs

    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """See VectorEnvironment."""
        rows = self._rows.turn()
        self._chunk.reset(require_seeds(seeds, self.num_envs), rows)
        return rows.observations

    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> Step:
        """See VectorEnvironment."""
        env_actions = one_by_one(self._action_map.to_env(actions))
        if active is None:
            rows = self._rows.turn()
            return rows.as_step(self._chunk.step(env_actions, self._all, rows), self._all_counted)
        rows = self._rows.turn_keeping_observations()
        any_ended = self._chunk.step(env_actions, np.flatnonzero(active).tolist(), rows)
        return rows.as_step(any_ended, active.copy())

    def render_frames(self) -> list[Any]:
        """One frame per environment, as its render mode has it."""
        return [env.render() for env in self.envs]

    def close(self) -> None:
        """Close every environment; may be called again."""
        if not self._closed:
            self._closed = True
            self._chunk.close()
