"""Environments by name: tasks of environment sources, which are plugins, and what EnvFactoryRegistered takes."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from rlchassis.envs.factory import EnvFactory
from rlchassis.envs.registered import EnvFactoryRegistered
from rlchassis.registry import FIRST_PARTY, Component, installed, name_of


def env_factory_named(name: str) -> EnvFactory:
    """The factory of "SOURCE/TASK", where SOURCE is a plugin of the kind env and no gymnasium id reads so; else EnvFactoryRegistered(name).

    PluginError if the source cannot be used.
    """
    source, slash, task = name.partition("/")
    if slash and name not in gym.registry and source in {*FIRST_PARTY["env"], *(plugin.name for plugin in installed("env"))}:
        return Component("env", source, {"task": task}).create()  # type: ignore[no-any-return]  # loading checks its class
    return EnvFactoryRegistered(name)


def source_of(factory: EnvFactory) -> str | None:
    """Name of the environment source that a factory is registered as; None for EnvFactoryRegistered and those that are not registered."""
    registered = name_of(type(factory))
    return None if registered is None or registered[1] == "registered" else registered[1]


def name_of_task(factory: EnvFactory) -> str:
    """What env_factory_named takes to make it; the name of its class where it has no task."""
    task: Any = getattr(factory, "task", None)
    source = source_of(factory)
    if not isinstance(task, str):
        return type(factory).__name__
    return task if source is None else f"{source}/{task}"
