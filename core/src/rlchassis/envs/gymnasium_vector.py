"""Adapter for natively vectorized environments, with any gymnasium autoreset mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
from attrs import define, field
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from rlchassis.data.arrays import map_arrays, pick, write
from rlchassis.data.step import Step
from rlchassis.envs.actions import ActionMap
from rlchassis.envs.env_state import attributes_of, restore_attributes
from rlchassis.envs.gymnasium_vector_checks import NativeAnswers, autoreset_mode_of, native_failure_text
from rlchassis.envs.gymnasium_vector_infos import NativeInfos
from rlchassis.envs.infos import InfoArrays, InfoKeys
from rlchassis.envs.mask_sources import may_lack_mask
from rlchassis.envs.observations import as_tree
from rlchassis.envs.opening import require_distinct
from rlchassis.envs.progress import failure_from
from rlchassis.envs.spaces import Array, Observations, require_supported
from rlchassis.envs.state_probe import vector_ways
from rlchassis.envs.step_arrays import DoubleBuffer, StepArrays
from rlchassis.envs.vector import EnvTraits, VectorEnvironment, require_seeds
from rlchassis.envs.vector_mask_sources import with_masks
from rlchassis.errors import UsageError

Answer = TypeVar("Answer")


@define(eq=False)
class NativeEnvironment(VectorEnvironment):
    """A gymnasium VectorEnv as a VectorEnvironment; its outputs are copied to arrays of rlchassis' dtypes."""

    _vector_env: VectorEnv[Any, Any, Any]
    _owned: bool = True
    _construct: Callable[[], Any] | None = None
    """Makes another one like it."""
    traits: EnvTraits = field(init=False)
    num_envs: int = field(init=False)
    partial = False
    _mode: AutoresetMode = field(init=False)
    _action_map: ActionMap = field(init=False)
    _rows: DoubleBuffer = field(init=False)
    _resets_next: NDArray[np.bool_] = field(init=False)
    _steps: int = field(init=False, default=0)
    _seeds: list[int | None] = field(init=False)
    _answers: NativeAnswers = field(init=False)
    _reader: NativeInfos | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._vector_env = env = with_masks(self._vector_env)
        self.traits = EnvTraits.from_spec(env.single_observation_space, env.single_action_space, env.spec)
        require_supported(self.observation_space, self.action_space)
        self.num_envs, self._mode = env.num_envs, autoreset_mode_of(env)
        self._action_map = ActionMap(self.action_space)
        self._rows = DoubleBuffer.allocate(self.observation_space, self.num_envs)
        self._resets_next = np.zeros(self.num_envs, np.bool_)
        self._seeds = [None] * self.num_envs
        may_lack = may_lack_mask(self.observation_space, self.action_space)
        self._answers = NativeAnswers(self.observation_space, self.num_envs, may_lack)
        require_distinct(getattr(env, "envs", ()))

    def read_infos(self, keys: InfoKeys) -> None:
        """See VectorEnvironment."""
        self.infos = InfoArrays.allocate(keys, self.num_envs)
        self._rows.columns = self.infos.columns
        self._reader = NativeInfos(keys, self.infos, self._mode is AutoresetMode.SAME_STEP)

    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """See VectorEnvironment; where only one seed is taken, it is the first."""
        rows = self._rows.turn()
        self._seeds = require_seeds(seeds, self.num_envs)
        self._guarded("in its reset", lambda: self._answers.store_reset(self._reset_seeded(self._seeds), rows))
        self._resets_next = np.zeros(self.num_envs, np.bool_)
        if self._reader is not None:
            self._reader.begin()
        return rows.obs

    def _reset_seeded(self, seeds: list[int | None]) -> Any:
        if seeds[0] is None:
            return self._vector_env.reset()
        try:
            return self._vector_env.reset(seed=seeds)  # type: ignore[arg-type]  # gymnasium's own take lists, its base class does not say so
        except (TypeError, ValueError, gym.error.Error):
            return self._vector_env.reset(seed=seeds[0])

    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> tuple[Step, Observations]:
        """See VectorEnvironment."""
        if active is not None:
            raise UsageError("a vectorised environment can only be stepped as a whole; use VectorEnvType.DUMMY")
        self._steps += 1
        return self._guarded(f"at its step {self._steps}", lambda: self._step(actions))

    def _step(self, actions: Array) -> tuple[Step, Observations]:
        rows = self._rows.turn()
        answer = self._vector_env.step(self._action_map.to_env(actions))
        infos = self._answers.store_step(answer, rows, self._resets_next)
        if self._reader is not None:
            self._reader.read(infos, ~self._resets_next, rows.terminated | rows.truncated)
        if self._mode is AutoresetMode.NEXT_STEP:
            return self._without_reset_rows(actions, rows)
        ended = rows.terminated | rows.truncated
        if ended.any():
            write(rows.final_obs, slice(None), rows.obs)
            if self._mode is AutoresetMode.SAME_STEP:
                self._take_final(rows, ended, infos)
            else:
                self._reset_ended(rows, ended)
        return self._rows.as_step(actions, bool(ended.any()), None)

    def _without_reset_rows(self, actions: Array, rows: StepArrays) -> tuple[Step, Observations]:
        """Rows of environments that spent the step on their own reset are no transitions."""
        answer = self._rows.as_step(actions, False, ~self._resets_next if self._resets_next.any() else None)
        self._resets_next = rows.terminated | rows.truncated
        return answer

    def _take_final(self, rows: StepArrays, ended: NDArray[np.bool_], infos: dict[str, Any]) -> None:
        if "final_obs" not in infos:
            raise ValueError("it resets in the same step, but gives no infos['final_obs'] for an episode that ended")
        final = as_tree(self.observation_space, infos["final_obs"])
        for index in np.flatnonzero(ended):
            self._answers.store_final(pick(final, index), int(index), rows)

    def _reset_ended(self, rows: StepArrays, ended: NDArray[np.bool_]) -> None:
        observations, _ = self._vector_env.reset(options={"reset_mask": ended.copy()})
        write(rows.obs, ended, pick(as_tree(self.observation_space, observations), ended))

    def _guarded(self, when: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise failure_from(error, native_failure_text(error, self._seeds, when)) from error

    def exact_ways(self) -> list[str]:
        """See VectorEnvironment; none without a constructor, since they are tried on new instances."""
        return vector_ways(self._construct) if self._construct is not None else []

    def state(self, ways: list[str]) -> Any:
        """See VectorEnvironment."""
        return {
            "exact": bool(ways),
            "env": attributes_of(self._vector_env) if ways else None,
            "obs": map_arrays(np.copy, self._rows.current.obs),
            "resets_next": self._resets_next.copy(),
            "steps": self._steps,
            "seeds": list(self._seeds),
        }

    def restore(self, state: Any, seeds: Sequence[int]) -> tuple[Observations, NDArray[np.bool_]]:
        """See VectorEnvironment; its environments all begin new episodes, or none."""
        is_new = state["env"] is None
        observations = self.reset(seeds)
        if not is_new:
            restore_attributes(self._vector_env, state["env"])
            write(self._rows.current.obs, slice(None), state["obs"])
            self._resets_next, self._seeds = np.array(state["resets_next"]), list(state["seeds"])
        self._steps = state["steps"]
        return observations, np.full(self.num_envs, is_new)

    def close(self) -> None:
        """Close it, unless it is its maker's to close; may be called again."""
        if self._owned:
            self._vector_env.close()
