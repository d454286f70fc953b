"""Checks and storage of the outputs of a natively vectorized environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import define, field
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from rlchassis.data.action_layout import ACTION_MASK
from rlchassis.data.arrays import pick, write
from rlchassis.envs.mask_sources import UNREAD
from rlchassis.envs.masks import allow_all_at_ends, is_masked
from rlchassis.envs.notices import Notices, notices_of
from rlchassis.envs.observations import as_tree, leaves_of, require_possible
from rlchassis.envs.progress import failure_text
from rlchassis.envs.quick_checks import Put, all_finite, putter
from rlchassis.envs.spaces import AnySpace
from rlchassis.envs.step_arrays import StepArrays
from rlchassis.envs.step_checks import RESET_ANSWER, STEP_ANSWER, THOROUGH_STEPS, UnfitAnswer, as_flags, as_rewards, require_form
from rlchassis.errors import UsageError, raised


@define(eq=False)
class NativeAnswers:
    """Raises UnfitAnswer for what cannot be, with the row where one environment is to blame."""

    space: AnySpace
    num_envs: int
    may_lack_mask: bool
    """Whether an action mask in the infos of a reset is one that was not found in advance."""
    _steps: int = field(init=False, default=0)
    _notices: Notices = field(init=False, factory=Notices)
    _put: Put = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._put = putter(self.space, (self.num_envs,))

    def store_reset(self, answer: Any, rows: StepArrays) -> None:
        """What a reset answered."""
        require_form(answer, RESET_ANSWER)
        if self.may_lack_mask and ACTION_MASK in answer[1]:
            raise UnfitAnswer(UNREAD)
        self._store(answer[0], rows)
        if not rows.obs_possible():
            require_possible(self.space, np.zeros(self.num_envs), rows.obs)

    def store_step(self, answer: Any, rows: StepArrays, resets: NDArray[np.bool_]) -> dict[str, Any]:
        """What a step answered; the rewards of environments that spent it on their own reset are none. Returns the infos."""
        self._steps += 1
        require_form(answer, STEP_ANSWER)
        observations, rewards, terminated, truncated, infos = answer
        self._store(observations, rows)
        shape = (self.num_envs,)
        rows.rewards[:] = as_rewards(rewards, shape)
        rows.terminated[:], rows.truncated[:] = as_flags(terminated, "terminated", shape), as_flags(truncated, "truncated", shape)
        if not (all_finite(rows.rewards) and rows.obs_possible()):
            rows.rewards[resets] = 0.0
            allow_all_at_ends(self.space, rows.obs, np.flatnonzero(rows.terminated).tolist())
            require_possible(self.space, rows.rewards, rows.obs)
        return infos  # type: ignore[no-any-return]  # require_form saw to it

    def store_final(self, observation: Any, row: int, rows: StepArrays) -> None:
        """The last observation of an episode that ended in a row."""
        for leaf, value in leaves_of(self.space, observation):
            leaf.fitted(value, row=row)
        write(rows.final_obs, row, as_tree(self.space, observation))
        if not is_masked(self.space):
            return
        if rows.terminated[row]:
            allow_all_at_ends(self.space, rows.final_obs, [row])
        for leaf, value in leaves_of(self.space, pick(rows.final_obs, row)):
            leaf.require_values(value, row)

    def _store(self, observations: Any, rows: StepArrays) -> None:
        if self._steps <= THOROUGH_STEPS:
            for subject, text in notices_of(self.space, observations, (self.num_envs,)):
                self._notices.give(subject, f"the vectorised environment of {self.num_envs} {text}")
        self._put(rows.obs, slice(None), observations)


def native_failure_text(error: BaseException, seeds: Sequence[int | None], when: str) -> str:
    """What a vectorised environment did wrong and when, with the seed of the environment at fault where it is known."""
    if isinstance(error, UnfitAnswer) and error.row is not None:
        together = f"{when} together with all {len(seeds)} of a vectorised environment"
        return failure_text(error.row, seeds[error.row], str(error), together)
    what = str(error) if isinstance(error, UnfitAnswer) else raised(error)
    return f"the vectorised environment of {len(seeds)} {what}, {when}"


def autoreset_mode_of(vector_env: VectorEnv[Any, Any, Any]) -> AutoresetMode:
    """Autoreset mode; UsageError if its metadata does not declare it."""
    mode = vector_env.metadata.get("autoreset_mode")
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise UsageError(
            f"{type(vector_env.unwrapped).__name__} does not say how it begins new episodes; "
            "set metadata['autoreset_mode'] to a gymnasium.vector.AutoresetMode"
        ) from None
