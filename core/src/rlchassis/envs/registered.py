"""Making environments that are registered with gymnasium, with its many errors told as one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import gymnasium as gym
from gymnasium import error as gym_error

from rlchassis.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gymnasium.envs.registration import EnvSpec
    from gymnasium.vector import VectorEnv

Made = TypeVar("Made")


def checked_spec(task: str) -> EnvSpec:
    """The spec registered under an id; raises UsageError with gymnasium's suggestion if there is none."""
    try:
        return gym.spec(task)
    except (gym_error.Error, ImportError) as error:
        raise UsageError(f"{task!r} is no known environment: {_one_sentence(error)}") from error


def make_registered(spec: EnvSpec, render_mode: str | None, kwargs: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """One environment, without gymnasium's checking wrapper, which costs a call per step, unless the kwargs ask for it."""
    asked = {} if render_mode is None else {"render_mode": render_mode}
    return _made(spec, lambda: gym.make(spec, **{"disable_env_checker": True, **asked, **kwargs}))


def make_registered_vector(spec: EnvSpec, num_envs: int, kwargs: Mapping[str, Any]) -> VectorEnv[Any, Any, Any]:
    """The environment's own vectorised form; raises UsageError if its author wrote none."""
    if spec.vector_entry_point is None:
        raise UsageError(f"{spec.id} has no vectorised form of its own; use VectorEnvType.DUMMY")
    return _made(spec, lambda: gym.make_vec(spec, num_envs=num_envs, vectorization_mode="vector_entry_point", **kwargs))


def _made(spec: EnvSpec, make: Callable[[], Made]) -> Made:
    try:
        return make()
    except (gym_error.Error, ImportError) as error:
        raise UsageError(f"{spec.id} cannot be made: {_one_sentence(error)}") from error
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise UsageError(f"{spec.id} cannot be made: {_one_sentence(error)}") from error


def _one_sentence(error: Exception) -> str:
    return " ".join(str(error).split())
