"""Environments stepped sequentially in this process; fastest for cheap environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.data.arrays import map_arrays, write
from rlchassis.data.step import Step
from rlchassis.envs.actions import ActionMap
from rlchassis.envs.chunk_state import chunk_state, chunk_ways, restore_chunk
from rlchassis.envs.env_loop import Chunk
from rlchassis.envs.infos import InfoArrays, InfoKeys
from rlchassis.envs.notices import Notices
from rlchassis.envs.opening import Env, EnvConstructor
from rlchassis.envs.progress import Progress
from rlchassis.envs.spaces import Array, Observations
from rlchassis.envs.step_arrays import DoubleBuffer
from rlchassis.envs.vector import EnvTraits, VectorEnvironment, require_seeds


@define(eq=False)
class InProcessEnvironment(VectorEnvironment):
    """Vectorized environment in this process, with same-step autoreset; created by `open`."""

    _chunk: Chunk
    traits: EnvTraits = field(init=False)
    num_envs: int = field(init=False)
    _action_map: ActionMap = field(init=False)
    _rows: DoubleBuffer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.traits, self.num_envs = self._chunk.traits, len(self._chunk.envs)
        self._action_map = ActionMap(self.action_space)
        self._rows = DoubleBuffer.allocate(self.observation_space, self.num_envs)

    @classmethod
    def open(cls, constructors: Sequence[EnvConstructor]) -> Self:
        """Construct the environments, one from each constructor."""
        count = len(constructors)
        return cls(Chunk.open(constructors, Progress([0], [0] * count, [0] * count), Notices()))

    @property
    def envs(self) -> list[Env]:
        """The environments themselves."""
        return self._chunk.envs

    def read_infos(self, keys: InfoKeys) -> None:
        """See VectorEnvironment."""
        self.infos = InfoArrays.allocate(keys, self.num_envs)
        self._rows.columns = self.infos.columns
        self._chunk.read_infos(keys, self.infos)

    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """See VectorEnvironment."""
        rows = self._rows.turn()
        self._chunk.reset(require_seeds(seeds, self.num_envs), rows)
        return rows.obs

    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> tuple[Step, Observations]:
        """See VectorEnvironment."""
        env_actions = self._action_map.to_env(actions)
        rows = self._rows.turn(keep_obs=active is not None)
        chosen = range(self.num_envs) if active is None else np.flatnonzero(active).tolist()
        return self._rows.as_step(actions, self._chunk.step(env_actions, chosen, rows), active)

    def exact_ways(self) -> list[str]:
        """See VectorEnvironment."""
        return chunk_ways(self._chunk)

    def state(self, ways: list[str]) -> Any:
        """See VectorEnvironment."""
        chunk = chunk_state(self._chunk, ways)
        return {"exact": None not in chunk["envs"], "chunk": chunk, "obs": map_arrays(np.copy, self._rows.current.obs)}

    def restore(self, state: Any, seeds: Sequence[int]) -> tuple[Observations, NDArray[np.bool_]]:
        """See VectorEnvironment."""
        rows = self._rows.current
        write(rows.obs, slice(None), state["obs"])
        restore_chunk(self._chunk, state["chunk"], seeds, rows)
        return rows.obs, np.array([each is None for each in state["chunk"]["envs"]])

    def close(self) -> None:
        """Close every environment; may be called again."""
        self._chunk.close()
