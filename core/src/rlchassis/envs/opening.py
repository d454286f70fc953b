"""Making several environments: all of them or none, and each another object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import gymnasium as gym

from rlchassis.envs.mask_sources import MaskInObservation, MaskSource, mask_source
from rlchassis.envs.notices import Notices
from rlchassis.envs.progress import Progress, failure_from, failure_text
from rlchassis.envs.spaces import require_supported
from rlchassis.envs.vector import EnvTraits
from rlchassis.errors import UsageError, raised

Env: TypeAlias = gym.Env[Any, Any]
EnvConstructor: TypeAlias = Callable[[], Env]


def opened(constructors: Sequence[EnvConstructor], progress: Progress, notices: Notices, first_index: int) -> tuple[list[Env], EnvTraits]:
    """The environments and what they share; those that were made are closed when one fails."""
    envs: list[Env] = []
    traits: list[EnvTraits] = []
    source: MaskSource | None = None
    try:
        for index, construct in enumerate(constructors):
            progress.current[0] = index
            env = require_env(construct())
            source = mask_source(env) if index == 0 else source
            envs.append(env if source is None else MaskInObservation(env, source))
            traits.append(EnvTraits.from_spec(envs[-1].observation_space, envs[-1].action_space, envs[-1].spec))
        require_distinct(envs)
        shared = EnvTraits.shared(traits)
        require_supported(shared.observation_space, shared.action_space)
    except BaseException as error:
        for env in envs:
            notices.close(env.close, "an environment")
        if isinstance(error, UsageError | KeyboardInterrupt):
            raise
        raise failure_from(error, failure_text(first_index + len(traits), None, raised(error), "in its constructor")) from error
    return envs, shared


def require_env(made: Any) -> Env:
    """The environment; UsageError for anything that is no gymnasium.Env."""
    if not isinstance(made, gym.Env):
        raise UsageError(f"expected a gymnasium.Env where an environment is made, got an object of type {type(made).__name__}")
    return made


def require_distinct(envs: Iterable[Env]) -> None:
    """UsageError where two are the same object, or wrappers around the same object."""
    innermost = [env.unwrapped for env in envs]
    if len(set(map(id, innermost))) < len(innermost):
        name = type(innermost[0]).__name__
        raise UsageError(
            f"the same {name} object was handed out several times, but each environment must be an object of its own; "
            f"give a callable that makes a new one at every call: lambda: {name}(…), not lambda: env"
        )
