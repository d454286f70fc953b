"""Recipes as plain data: registry names and validated values, never an import path that anything would follow.

A description becomes one of
    {"part": "optimizer/adam", "options": {…}}        its class is registered by an entry point
    {"component": "optimizer/adam", "options": {…}}   a reference, resolved when the experiment is built
    {"class": "module:Name", "options": {…}}          a user's class, read back only if it is handed over in `allow`
    {"object": "module:name"}                         a user's function or class itself, likewise
    {"unstorable": "…"}                               nothing that data can hold; refused when read back
and every other value itself. How data becomes a recipe again is in recipe_reading.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import attrs
import numpy as np
import torch
from torch import nn

from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component, name_of

TAGS = ("part", "component", "class", "object", "unstorable")


def to_data(value: Any) -> Any:
    """Plain data for a recipe or any value in one; see the module for what becomes of descriptions."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Enum():
            return value.value
        case torch.device() | PurePath():
            return str(value)
        case np.generic():
            return value.item()
        case Component():
            return {"component": f"{value.kind}/{value.name}", "options": to_data(value.options)}
        case list() | tuple():
            return [to_data(each) for each in value]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: to_data(each) for key, each in value.items()}
        case _:
            return _described(value)


def _described(value: Any) -> Any:
    if isinstance(value, type) or inspect.isfunction(value):
        return _named(value)
    if isinstance(value, RecipePart):
        return _part(value)
    if attrs.has(type(value)):
        return _fields(value)
    return unstorable(value)


def _part(value: RecipePart) -> Any:
    fields = _fields(value)
    if fields is None:
        return unstorable(value)
    registered = name_of(type(value))
    if registered:
        return {"part": "/".join(registered), "options": fields}
    return {"class": qualified_name(type(value)), "options": fields}


def _fields(value: Any) -> dict[str, Any] | None:
    """What the object was made with: the init fields of attrs classes, or the attributes that bear the names of __init__'s parameters."""
    if attrs.has(type(value)):
        names = {a.alias: a.name for a in attrs.fields(type(value)) if a.init}
    else:
        parameters = inspect.signature(type(value)).parameters.values()
        names = {p.name: p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    if not all(hasattr(value, name) for name in names.values()):
        return None
    return {str(alias): to_data(getattr(value, name)) for alias, name in names.items()}


def _named(value: Any) -> Any:
    """Torch's own activations by their name; others by a name that is only compared, never imported."""
    if isinstance(value, type) and getattr(nn, value.__name__, None) is value:
        return value.__name__
    if "<" in value.__qualname__:
        return unstorable(value)
    return {"object": qualified_name(value)}


def qualified_name(thing: Any) -> str:
    """How a class or function is called when it is handed over in `allow`."""
    return f"{thing.__module__}:{thing.__qualname__}"


def unstorable(value: Any) -> dict[str, str]:
    """The mark of a value that data cannot hold."""
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return {"unstorable": str(name)}


def unstorable_names(data: Any) -> list[str]:
    """All marks of values that could not be stored, for one warning."""
    if isinstance(data, dict):
        own = [data["unstorable"]] if set(data) == {"unstorable"} else []
        return own + [name for each in data.values() for name in unstorable_names(each)]
    if isinstance(data, list):
        return [name for each in data for name in unstorable_names(each)]
    return []


def used_plugins(data: Any) -> list[tuple[str, str]]:
    """The kind and name of every plugin that a recipe names, each once."""
    found = dict.fromkeys(_plugin_names(data))
    return [(kind, name) for kind, _, name in (reference.partition("/") for reference in found)]


def _plugin_names(data: Any) -> list[str]:
    if isinstance(data, list):
        return [name for each in data for name in _plugin_names(each)]
    if not isinstance(data, dict):
        return []
    own = [data[tag] for tag in ("part", "component") if isinstance(data.get(tag), str) and "options" in data]
    return own + [name for each in data.values() for name in _plugin_names(each)]
