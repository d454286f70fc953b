"""Recipes: tuned settings for known environments, in recipes.toml of an algorithm's distribution."""

from __future__ import annotations

import sys
import tomllib
from importlib.resources import files
from typing import Any

from rlchassis.errors import PluginError, UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.registry.wording import did_you_mean, listed

RECIPES_FILENAME = "recipes.toml"


def recipes_of(builder: type[ExperimentBuilder[Any]]) -> dict[str, dict[str, Any]]:
    """Recipes of an algorithm by environment id; empty if its distribution has none."""
    package = sys.modules[builder.__module__.partition(".")[0]]
    file = files(package) / RECIPES_FILENAME if hasattr(package, "__path__") else None
    if file is None or not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PluginError(
            f"{RECIPES_FILENAME} of {package.__name__} is not valid TOML ({error}); train without it: --recipe none."
        ) from error


def chosen_recipe(algorithm: str, builder: type[ExperimentBuilder[Any]], env: str, name: str | None) -> dict[str, Any]:
    """Recipe by name; None: the environment's own, if there is one; "none": no recipe."""
    if name == "none":
        return {}
    recipes = recipes_of(builder)
    if name is None:
        return recipes.get(env, {})
    if name not in recipes:
        hint = did_you_mean(name, recipes) or f" It has: {listed(recipes)}."
        raise UsageError(f'{algorithm} has no recipe "{name}".{hint}')
    return recipes[name]
