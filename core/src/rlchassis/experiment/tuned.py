"""Recipes: tuned settings for known environments, in recipes.toml of the distribution of an algorithm or of an environment source."""

from __future__ import annotations

import sys
import tomllib
from importlib.resources import files
from typing import Any

from rlchassis.envs import EnvFactory, name_of_task, source_of
from rlchassis.errors import PluginError, UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.registry.wording import did_you_mean, listed

RECIPES_FILENAME = "recipes.toml"
FOR_ALL_TASKS = "default"
"""Recipe of a source for tasks that have none of their own."""


def recipes_of(cls: type) -> dict[str, dict[str, Any]]:
    """The recipes.toml beside a builder, by environment id, or beside an environment source, by algorithm; empty if there is none."""
    package = sys.modules[cls.__module__.partition(".")[0]]
    file = files(package) / RECIPES_FILENAME if hasattr(package, "__path__") else None
    if file is None or not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PluginError(
            f"{RECIPES_FILENAME} of {package.__name__} is not valid TOML ({error}); train without it: --recipe none."
        ) from error


def recipes_of_source(factory: EnvFactory, algorithm: str) -> dict[str, dict[str, Any]]:
    """Recipes that the source of an environment has for an algorithm, as "SOURCE/TASK"; empty for environments of no source."""
    source = source_of(factory)
    recipes = {} if source is None else recipes_of(type(factory)).get(algorithm, {})
    return {f"{source}/{task}": recipe for task, recipe in recipes.items()}


def chosen_recipe(algorithm: str, builder: type[ExperimentBuilder[Any]], factory: EnvFactory, name: str | None) -> dict[str, Any]:
    """Recipe by name; None: that of the environment, or the default one of its source, if there is one; "none": no recipe."""
    if name == "none":
        return {}
    recipes = {**recipes_of(builder), **recipes_of_source(factory, algorithm)}
    if name is None:
        return recipes.get(name_of_task(factory)) or recipes.get(f"{source_of(factory)}/{FOR_ALL_TASKS}", {})
    if name not in recipes:
        hint = did_you_mean(name, recipes) or f" It has: {listed(recipes)}."
        raise UsageError(f'{algorithm} has no recipe "{name}".{hint}')
    return recipes[name]
