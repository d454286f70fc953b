"""Action masks that natively vectorized environments give besides their observations; as mask_sources.py for single environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rlchassis.data.action_layout import ACTION_MASK, OBSERVATION
from rlchassis.envs.mask_sources import METHOD, MaskSource, flat_mask, in_observation, info_names_mask, mask_source, may_lack_mask
from rlchassis.envs.masks import ActionMask, part_sizes
from rlchassis.envs.observations import Leaf
from rlchassis.envs.spaces import Array
from rlchassis.envs.step_checks import RESET_ANSWER, STEP_ANSWER, UnfitAnswer, as_flags, require_form
from rlchassis.errors import UsageError

AnyVectorEnv = VectorEnv[Any, Any, Any]


class VectorMaskInObservation(VectorWrapper):
    """Vectorized environment with observations Dict(observation: …, action_mask: …); after termination everything is allowed."""

    def __init__(self, env: AnyVectorEnv, source: MaskSource) -> None:
        super().__init__(env)
        self._source, self._sizes = source, part_sizes(env.single_action_space)
        self._leaf = Leaf(ActionMask(self._sizes), ACTION_MASK)
        self._same_step = env.metadata.get("autoreset_mode") == AutoresetMode.SAME_STEP
        if source is MaskSource.METHOD and self._same_step:
            raise UsageError(
                f"{METHOD}() of an environment that is reset in the step that ends an episode cannot say what final observations allow; "
                f"give masks in info[{ACTION_MASK!r}], or use another autoreset mode"
            )
        self.single_observation_space = in_observation(env.single_observation_space, env.single_action_space)
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all, or those of options["reset_mask"]; UnfitAnswer without a mask."""
        asked: dict[str, Any] = {key: value for key, value in (("seed", seed), ("options", options)) if value is not None}
        answer: Any = self.env.reset(**asked)
        require_form(answer, RESET_ANSWER)
        needed = (options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_))
        return {OBSERVATION: answer[0], ACTION_MASK: self._masks(answer[1], needed)}, answer[1]

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; UnfitAnswer without a mask, unless the episode terminated."""
        answer: Any = self.env.step(actions)
        require_form(answer, STEP_ANSWER)
        obs, rewards, terminated, truncated, infos = answer
        over = as_flags(terminated, "terminated", (self.num_envs,)).astype(np.bool_)
        if self._same_step and "final_obs" in infos:
            cut = as_flags(truncated, "truncated", (self.num_envs,)).astype(np.bool_) & ~over
            final = self._masks(infos.get("final_info", {}), cut)
            infos = {**infos, "final_obs": {OBSERVATION: infos["final_obs"], ACTION_MASK: final}}
        masks = self._masks(infos, np.ones_like(over) if self._same_step else ~over)
        return {OBSERVATION: obs, ACTION_MASK: masks}, rewards, terminated, truncated, infos

    def _masks(self, infos: Mapping[str, Any], needed: NDArray[np.bool_]) -> Array:
        """Masks [N, K], of ones in rows where none is needed."""
        given, present = self._given(infos)
        for row in np.flatnonzero(needed & ~present).tolist():
            raise UnfitAnswer(f"answered an info without {ACTION_MASK!r}, which its first had; give it in every reset and step", row)
        if needed.all() and isinstance(given, np.ndarray) and given.dtype != object:
            return given
        masks = np.ones((self.num_envs, sum(self._sizes)), np.int8)
        for row in np.flatnonzero(needed).tolist():
            masks[row] = self._leaf.fitted(flat_mask(given[row], self._sizes), row=row)
        return masks

    def _given(self, infos: Mapping[str, Any]) -> tuple[Any, NDArray[np.bool_]]:
        if self._source is MaskSource.INFO:
            everyone = np.full(self.num_envs, ACTION_MASK in infos)
            return infos.get(ACTION_MASK), infos.get(f"_{ACTION_MASK}", everyone)
        inner: Any = self.env.unwrapped
        masks = getattr(inner, METHOD)() if hasattr(inner, METHOD) else np.stack(inner.call(METHOD))
        return masks, np.ones(self.num_envs, np.bool_)


def with_masks(vector_env: AnyVectorEnv) -> AnyVectorEnv:
    """The environment, with masks in its observations if it gives them elsewhere."""
    source = _source(vector_env)
    return vector_env if source is None else VectorMaskInObservation(vector_env, source)


def _source(vector_env: AnyVectorEnv) -> MaskSource | None:
    inner: Any = vector_env.unwrapped
    if not may_lack_mask(vector_env.single_observation_space, vector_env.single_action_space):
        return None
    if isinstance(inner, SyncVectorEnv):
        return mask_source(inner.envs[0])
    if isinstance(inner, AsyncVectorEnv):
        return _source_of_another_member(inner.env_fns)
    if callable(getattr(inner, METHOD, None)):
        return MaskSource.METHOD
    return MaskSource.INFO if info_names_mask(vector_env) else None


def _source_of_another_member(functions: Any) -> MaskSource | None:
    """That of a single environment made in this process: those of the vectorized environment are in others."""
    if not isinstance(functions, Sequence):  # spent, as gymnasium.make_vec gave them before its release 1.2
        return None
    env = functions[0]()
    try:
        return mask_source(env)
    finally:
        env.close()
