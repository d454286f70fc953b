"""Single environments of the same task as a vectorized one, where that is certain."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv, VectorEnv, VectorWrapper
from gymnasium.wrappers import vector as vector_wrappers

from rlchassis.envs.opening import Env, EnvConstructor
from rlchassis.envs.registered import made
from rlchassis.errors import UsageError

AnyVectorEnv = VectorEnv[Any, Any, Any]
KEEP_THE_TASK = ("RecordEpisodeStatistics", "DictInfoToList", "HumanRendering", "RecordVideo")
"""Vector wrappers of gymnasium that change no observation, action, reward or end of an episode."""

OF_MAKE_VEC = ("num_envs", "vectorization_mode", "vector_kwargs", "wrappers")
"""What it stores in a spec beside the arguments of a single environment."""


def member_constructors(vector_env: AnyVectorEnv) -> Sequence[EnvConstructor]:
    """Constructors of single environments of the same task, wrappers included; UsageError if none are known."""
    inner: Any = vector_env
    while _keeps_the_task(inner):
        inner = inner.env
    together = type(inner) in (SyncVectorEnv, AsyncVectorEnv)
    if together and isinstance(inner.env_fns, Sequence):
        used = [env.unwrapped for env in getattr(inner, "envs", ())]
        return [partial(_made_anew, function, used) for function in inner.env_fns]
    if _way_of_make_vec(inner) in (["sync", "async"] if together else ["vector_entry_point"]):
        return [partial(_single_form, inner)]
    name = type(inner).__name__
    if isinstance(inner, VectorWrapper):
        raise UsageError(_refusal(f"the vector wrapper {name} cannot be put around a single one"))
    raise UsageError(_refusal(f"{name} does not say how a single one is made"))


def _keeps_the_task(vector_env: AnyVectorEnv) -> bool:
    return type(vector_env) in [getattr(vector_wrappers, name, None) for name in KEEP_THE_TASK]


def _made_anew(function: Callable[[], Env], used: Sequence[Env]) -> Env:
    env = function()
    if any(env.unwrapped is each for each in used):
        raise UsageError(f"{function!r} gives the environment that trains once more; let it make a new one at each call")
    return env


def _way_of_make_vec(vector_env: AnyVectorEnv) -> str | None:
    """How gymnasium.make_vec made it: of single environments, or by the form that its author registered beside them."""
    kwargs = getattr(vector_env.spec, "kwargs", None) or {}
    return kwargs.get("vectorization_mode")


def _single_form(vector_env: AnyVectorEnv) -> Env:
    spec: Any = copy.copy(vector_env.spec)
    kwargs = {key: value for key, value in spec.kwargs.items() if key not in OF_MAKE_VEC}
    wrappers, spec.kwargs = spec.kwargs.get("wrappers", ()), {}
    env = made(spec, gym.make, {"disable_env_checker": True, **kwargs})
    for wrap in wrappers:
        env = wrap(env)
    if (env.observation_space, env.action_space) != (vector_env.single_observation_space, vector_env.single_action_space):
        env.close()
        raise UsageError(_refusal(f"the single form of {spec.id} has other spaces"))
    return env


def _refusal(reason: str) -> str:
    return (
        f"tests and watching need environments of the task that is trained, but {reason}; set num_test_envs=0 and watch=False, give a "
        "second vectorised one for both as EnvFactoryVector(vector_env, test_vector_env=…), or give a callable that makes one environment "
        "with all its wrappers"
    )
