"""Lookup of gymnasium's EnvSpec by id, "module:id", or class or function "module:name"."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import gymnasium as gym
from gymnasium import error as gym_error
from gymnasium.envs.registration import EnvSpec

from rlchassis.errors import UsageError
from rlchassis.registry.failures import raised
from rlchassis.registry.wording import did_you_mean


def checked_spec(task: str) -> EnvSpec:
    """EnvSpec of a task, whose module is imported; UsageError if there is none."""
    module, _, name = task.rpartition(":")
    home = _imported(module, task) if module else None
    if name in gym.registry:
        return gym.spec(name)
    if home is not None and names_object(name):
        return EnvSpec(task, entry_point=_maker(home, name, task))
    try:
        return gym.spec(name)
    except gym_error.Error as error:
        nearest = "" if isinstance(error, gym_error.NamespaceNotFound) else did_you_mean(name, gym.registry)
        raise UsageError(f"{task!r} is no known environment.{nearest or f' {one_sentence(error)}'}") from error


def names_object(name: str) -> bool:
    """Whether it can be a class or function name, unlike ids with a version or namespace."""
    return name not in gym.registry and all(part.isidentifier() for part in name.split("."))


def _imported(module: str, task: str) -> ModuleType:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:  # a user's module fails as it likes; the message says where
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            reason = f"no module named {error.name!r} was found; it is looked for where Python looks"
        else:
            reason = f"importing {module} raised {raised(error, module.partition('.')[0])}"
        raise UsageError(f"{task!r} is no known environment: {reason}.") from error


def one_sentence(error: Exception) -> str:
    """The message of an error on one line."""
    return " ".join(str(error).split())


def _maker(home: ModuleType, name: str, task: str) -> Any:
    """A class of environments, or a function that makes one."""
    found: Any = home
    for part in name.split("."):
        found = getattr(found, part, None)
    is_class = isinstance(found, type)
    if found is None:
        offered = [key for key, each in vars(home).items() if isinstance(each, type) and issubclass(each, gym.Env)]
        raise UsageError(f"{task!r} is no known environment: {home.__name__} has no {name}.{did_you_mean(name, [*offered, *gym.registry])}")
    if isinstance(found, gym.Env) or not callable(found) or (is_class and not issubclass(found, gym.Env)):
        what = found.__name__ if is_class else type(found).__name__
        raise UsageError(f"{task!r} is no known environment: expected a class of gymnasium.Env, or a function that makes one, got {what}.")
    return found
