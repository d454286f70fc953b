"""Rewards and ends for other goals than those that were asked for, computed by the environment itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from attrs import define
from gymnasium.spaces import Dict
from numpy.typing import NDArray

from rlchassis.api import UsageError

ACHIEVED, DESIRED = "achieved_goal", "desired_goal"
KEYS = ("observation", ACHIEVED, DESIRED)
Infos: TypeAlias = Sequence[Mapping[str, Any]]
EXAMPLES = 3
"""Number of goals with which an environment is tried before training."""


@define(eq=False)
class Goals:
    """compute_reward of a goal environment and, where it has one, compute_terminated; their `info` is a list with a dict per goal."""

    close: Callable[[], None]
    """Closes the environment."""
    _compute_reward: Callable[[Any, Any, Any], Any]
    _compute_terminated: Callable[[Any, Any, Any], Any] | None
    _one_by_one: bool = False
    """Whether compute_terminated answers for one goal at a time."""

    @classmethod
    def of(cls, env: gym.Env[Any, Any], info: Mapping[str, Any] | None = None) -> Goals:
        """Those of an environment; UsageError if it is no goal environment, or computes no rewards [B] for goals [B, …].

        info: an example of what is in each `info`; None: nothing.
        """
        space: Any = env.observation_space
        require_goal_space(space)
        task, name = env.unwrapped, type(env.unwrapped).__name__
        compute_reward = getattr(task, "compute_reward", None)
        if not callable(compute_reward):
            raise UsageError(
                f"{name} has no compute_reward(achieved_goal, desired_goal, info), which hindsight replay asks for the rewards of other "
                "goals; define it, for goals [B, …]."
            )
        goals = cls(env.close, compute_reward, getattr(task, "compute_terminated", None))
        goals._try(name, _examples(space[ACHIEVED]), _examples(space[DESIRED]), [dict(info or {})] * EXAMPLES)
        return goals

    def rewards(self, achieved: NDArray[Any], desired: NDArray[Any], infos: Infos) -> NDArray[np.float32]:
        """Rewards [B] where goals [B, …] were achieved while others were desired."""
        return np.asarray(self._compute_reward(achieved, desired, infos), np.float32)

    def terminated(self, achieved: NDArray[Any], desired: NDArray[Any], infos: Infos) -> NDArray[np.bool_] | None:
        """Whether each episode would have terminated [B]; None if the environment does not say."""
        compute = self._compute_terminated
        if compute is None:
            return None
        if self._one_by_one:
            return np.array([bool(compute(*each)) for each in zip(achieved, desired, infos, strict=True)], np.bool_)
        return np.asarray(compute(achieved, desired, infos), np.bool_)

    def _try(self, name: str, achieved: NDArray[Any], desired: NDArray[Any], infos: Infos) -> None:
        """UsageError unless rewards are finite numbers [B]; finds out whether compute_terminated takes many goals at once."""
        try:
            rewards = np.asarray(self._compute_reward(achieved, desired, infos))
            usable = rewards.shape == (EXAMPLES,) and rewards.dtype.kind in "biuf" and np.isfinite(rewards).all()
            got = f"returned {rewards.tolist()!r:.80}"
            if usable and self._compute_terminated is not None:
                self._one_by_one = np.shape(self._compute_terminated(achieved, desired, infos)) != (EXAMPLES,)
                self.terminated(achieved, desired, infos)
        except Exception as error:
            raise UsageError(
                f"{name} cannot compute rewards and ends for {EXAMPLES} goals at once, each with {infos[0]} as info: "
                f"{type(error).__name__}: {error}; let compute_reward take goals of shape [B, …] and need no other info."
            ) from error
        if not usable:
            raise UsageError(
                f"compute_reward of {name} {got} for goals of shape {list(achieved.shape)}, expected {EXAMPLES} finite numbers, one per "
                "goal; reduce the last dimension only, as np.linalg.norm(achieved_goal - desired_goal, axis=-1) does."
            )


def require_goal_space(space: gym.Space[Any]) -> None:
    """UsageError unless it is a Dict of observation, achieved_goal and desired_goal, where goals are of one shape."""
    missing = [key for key in KEYS if not isinstance(space, Dict) or key not in space.spaces]
    if missing:
        raise UsageError(
            f"hindsight replay needs observations that are a Dict of {', '.join(KEYS)}, got {space}, which has no {', '.join(missing)}; "
            "use an environment with goals, or leave the buffer out."
        )
    achieved, desired = (space[key] for key in (ACHIEVED, DESIRED))  # type: ignore[index]  # a Dict, by now
    if isinstance(achieved, Dict) or (achieved.shape, achieved.dtype) != (desired.shape, desired.dtype):
        raise UsageError(
            f"achieved_goal is {achieved} and desired_goal is {desired}, expected two spaces of arrays of one shape and dtype."
        )


def _examples(space: gym.Space[Any]) -> NDArray[Any]:
    space.seed(0)
    return np.stack([np.asarray(space.sample()) for _ in range(EXAMPLES)])
