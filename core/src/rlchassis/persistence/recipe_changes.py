"""Recipes with some fields changed, as the command line's --set and a recipe file ask for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

import attrs

from rlchassis.persistence.recipe_data import TAGS, field_types, init_fields
from rlchassis.persistence.recipe_reading import RecipeReader
from rlchassis.persistence.refusals import at, made, require_fields
from rlchassis.registry import Component

T = TypeVar("T")


def amended(recipe: T, changes: Mapping[str, Any]) -> T:
    """The same recipe with some fields, at any depth, changed: {"params": {"lr": 3e-4}}; UsageError for a field that is not there."""
    cls: Any = type(recipe)
    fields, expected = init_fields(cls), field_types(cls)
    require_fields(changes, expected, cls)
    evolved = {
        key: at(key, partial(_amended_value, getattr(recipe, fields[key].name), change, expected[key])) for key, change in changes.items()
    }
    return made(partial(attrs.evolve, recipe), evolved, "")


def _amended_value(current: Any, change: Any, expected: Any) -> Any:
    if not isinstance(change, Mapping) or set(change) & set(TAGS):
        return RecipeReader().read(change, expected)
    if isinstance(current, Component):
        return Component(current.kind, current.name, {**current.options, **change})
    if attrs.has(type(current)):
        return amended(current, change)
    if isinstance(current, Mapping):
        return {**current, **change}
    return RecipeReader().read(change, expected)
