"""Around environments that are vectorised by their author, whichever way they begin new episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import gymnasium as gym
import numpy as np
from attrs import define, field
from gymnasium.vector import AutoresetMode, VectorEnv

from rlchassis.envs.actions import ActionMap
from rlchassis.envs.progress import raised
from rlchassis.envs.rows import DoubleRows, Rows
from rlchassis.envs.spaces import Array, Observations, pick, require_supported, write
from rlchassis.envs.vector import EnvTraits, Step, VectorEnvironment, require_seeds
from rlchassis.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Answer = TypeVar("Answer")


@define(eq=False)
class NativeEnvironment(VectorEnvironment):
    """A gymnasium VectorEnv as a VectorEnvironment; what it answers is copied into rows of the chassis' dtypes."""

    _vector_env: VectorEnv[Any, Any, Any]
    _owned: bool = True
    traits: EnvTraits = field(init=False)
    num_envs: int = field(init=False)
    partial = False
    _mode: AutoresetMode = field(init=False)
    _action_map: ActionMap = field(init=False)
    _rows: DoubleRows = field(init=False)
    _resets_next: NDArray[np.bool_] = field(init=False)
    _steps: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        env = self._vector_env
        self.traits = EnvTraits.told(env.single_observation_space, env.single_action_space, env.spec)
        require_supported(self.observation_space, self.action_space)
        self.num_envs, self._mode = env.num_envs, autoreset_mode_of(env)
        self._action_map = ActionMap(self.action_space)
        self._rows = DoubleRows.allocate(self.observation_space, self.num_envs)
        self._resets_next = np.zeros(self.num_envs, np.bool_)

    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """See VectorEnvironment; where only one seed is taken, it is the first."""
        rows = self._rows.turn()
        checked = require_seeds(seeds, self.num_envs)
        observations = self._guarded("in its reset", lambda: self._reset_seeded(checked))
        write(rows.observations, slice(None), observations)
        self._resets_next = np.zeros(self.num_envs, np.bool_)
        return rows.observations

    def _reset_seeded(self, seeds: list[int | None]) -> Any:
        if seeds[0] is None:
            return self._vector_env.reset()[0]
        try:
            return self._vector_env.reset(seed=seeds)[0]  # type: ignore[arg-type]  # gymnasium's own take lists, its base class does not say so
        except (TypeError, ValueError, gym.error.Error):
            return self._vector_env.reset(seed=seeds[0])[0]

    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> Step:
        """See VectorEnvironment."""
        if active is not None:
            raise UsageError("a vectorised environment can only be stepped as a whole; use VectorEnvType.DUMMY")
        self._steps += 1
        return self._guarded(f"at its step {self._steps}", lambda: self._step(actions))

    def _step(self, actions: Array) -> Step:
        rows = self._rows.turn()
        answer = self._vector_env.step(self._action_map.to_env(actions))
        observations, rows.rewards[:], rows.terminated[:], rows.truncated[:], infos = answer
        write(rows.observations, slice(None), observations)
        if self._mode is AutoresetMode.NEXT_STEP:
            return self._without_reset_rows(rows)
        ended = rows.terminated | rows.truncated
        if ended.any():
            write(rows.final_observations, slice(None), rows.observations)
            if self._mode is AutoresetMode.SAME_STEP:
                self._take_final(rows, ended, infos)
            else:
                self._reset_ended(rows, ended)
        return rows.as_step(bool(ended.any()), None)

    def _without_reset_rows(self, rows: Rows) -> Step:
        step = rows.as_step(any_ended=False, counted=~self._resets_next if self._resets_next.any() else None)
        self._resets_next = step.terminated | step.truncated
        return step

    def _take_final(self, rows: Rows, ended: NDArray[np.bool_], infos: dict[str, Any]) -> None:
        if "final_obs" not in infos:
            raise ValueError("it resets in the same step, but gives no infos['final_obs'] for an episode that ended")
        final = infos["final_obs"]
        for index in np.flatnonzero(ended):
            write(rows.final_observations, index, pick(final, index))

    def _reset_ended(self, rows: Rows, ended: NDArray[np.bool_]) -> None:
        observations, _ = self._vector_env.reset(options={"reset_mask": ended.copy()})
        write(rows.observations, ended, pick(observations, ended))

    def _guarded(self, when: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except Exception as error:
            raise EnvironmentFailure(f"the vectorised environment of {self.num_envs} {raised(error)}, {when}") from error

    def close(self) -> None:
        """Close it, unless it is its maker's to close; may be called again."""
        if self._owned:
            self._vector_env.close()


def autoreset_mode_of(vector_env: VectorEnv[Any, Any, Any]) -> AutoresetMode:
    """How it begins new episodes; raises UsageError if it does not say."""
    mode = vector_env.metadata.get("autoreset_mode")
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise UsageError(
            f"{type(vector_env.unwrapped).__name__} does not say how it begins new episodes; "
            "set metadata['autoreset_mode'] to a gymnasium.vector.AutoresetMode"
        ) from None
