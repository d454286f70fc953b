"""What must hold of single environments before they are stepped: each is one, and each is another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gymnasium as gym

from rlchassis.errors import UsageError


def require_env(made: Any) -> gym.Env[Any, Any]:
    """The environment; UsageError for anything that is no gymnasium.Env."""
    if not isinstance(made, gym.Env):
        raise UsageError(f"expected a gymnasium.Env where an environment is made, got an object of type {type(made).__name__}")
    return made


def require_distinct(envs: Iterable[gym.Env[Any, Any]]) -> None:
    """UsageError where two are the same object, or wrappers around the same object."""
    innermost = [env.unwrapped for env in envs]
    if len(set(map(id, innermost))) < len(innermost):
        name = type(innermost[0]).__name__
        raise UsageError(
            f"the same {name} object was handed out several times, but each environment must be an object of its own; "
            f"give a callable that makes a new one at every call: lambda: {name}(…), not lambda: env"
        )
