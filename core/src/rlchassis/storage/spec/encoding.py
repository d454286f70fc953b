"""Configurations as plain data: registry names and validated values, never an import path that anything would follow.

A description becomes one of
    {"part": "optimizer/adam", "options": {…}}        its class is registered by an entry point
    {"component": "optimizer/adam", "options": {…}}   a reference, resolved when the experiment is built
    {"class": "module:Name", "options": {…}}          a user's class, read back only if it is handed over in `allow`
    {"object": "module:name"}                         a user's function or class itself, likewise; "kind/name" if it is registered
    {"unstorable": "…"}                               nothing that data can hold; refused when read back
a number that JSON lacks becomes {"number": "inf"}, and every other value itself. Where no type of a field tells how to read it back,
tuples are {"tuple": […]} and dicts that look like one of these {"mapping": {…}}. The way back is in decoding.py.
"""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Mapping
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, TypeVar

import attrs
import numpy as np
import torch
from torch import nn

from rlchassis.config.config_part import ConfigPart
from rlchassis.registry import Component, name_of

TAGS = ("part", "component", "class", "object", "unstorable", "number", "tuple", "mapping")


def to_data(value: Any, *, typed: bool = True) -> Any:
    """Plain data for a configuration or any value in one; typed says whether the type of a field will tell how to read it back."""
    match value:
        case Enum():
            return to_data(value.value)
        case np.generic():
            return to_data(value.item())
        case None | bool() | int() | float() | str():
            return _primitive(value)
        case torch.device() | PurePath():
            return str(value)
        case Component():
            return {"component": f"{value.kind}/{value.name}", "options": _options(value)}
        case tuple() if not typed:
            return {"tuple": [to_data(each, typed=False) for each in value]}
        case list() | tuple():
            return [to_data(each, typed=typed) for each in value]
        case Mapping() if all(isinstance(key, str) for key in value):
            return _mapping(value) if typed or not set(value) & set(TAGS) else {"mapping": _mapping(value)}
        case _:
            return _described(value, typed)


def _primitive(value: Any) -> Any:
    """Exactly one of JSON's own, whatever was derived from it."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(float(value))}
    kind = next((kind for kind in (bool, int, float, str) if isinstance(value, kind)), None)
    return value if kind is None else kind(value)


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): to_data(each, typed=False) for key, each in value.items()}


def _options(value: Component) -> dict[str, Any]:
    """A reference keeps lists as tuples, so that they need no tag."""
    return {name: to_data(each, typed=isinstance(each, tuple)) for name, each in value.options.items()}


def _described(value: Any, typed: bool) -> Any:
    if isinstance(value, type | types.FunctionType):
        return _named(value, typed)
    if isinstance(value, ConfigPart):
        return _part(value)
    if attrs.has(type(value)) and typed:
        return _fields(value)
    return unstorable(value)


def _part(value: ConfigPart) -> Any:
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
        types = field_types(type(value))
        return {alias: to_data(getattr(value, a.name), typed=types[alias] is not Any) for alias, a in init_fields(type(value)).items()}
    parameters = inspect.signature(type(value)).parameters.values()
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {name: to_data(getattr(value, name), typed=False) for name in names} if all(hasattr(value, name) for name in names) else None


def init_fields(cls: type[attrs.AttrsInstance]) -> dict[str, attrs.Attribute[Any]]:
    """The fields that an instance is made with, by the names of its constructor's parameters."""
    return {str(a.alias): a for a in attrs.fields(cls) if a.init}


def field_types(cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The types of those fields; Any where a class does not say, says "object", or says it in names that do not exist while it runs."""
    try:
        attrs.resolve_types(cls)
    except NameError:
        return dict.fromkeys(init_fields(cls), Any)
    return {alias: Any if a.type in (None, object) or isinstance(a.type, TypeVar) else a.type for alias, a in init_fields(cls).items()}


def _named(value: type | types.FunctionType, typed: bool) -> Any:
    """Torch's own activations and registered classes by their name; others by a name that is only compared, never imported."""
    if isinstance(value, type) and getattr(nn, value.__name__, None) is value:
        return value.__name__ if typed else {"object": f"torch.nn:{value.__name__}"}
    registered = name_of(value) if isinstance(value, type) and issubclass(value, ConfigPart) else None
    if registered:
        return {"object": "/".join(registered)}
    if "<" in value.__qualname__:
        return unstorable(value)
    return {"object": qualified_name(value)}


def qualified_name(thing: Any) -> str:
    """How a class or function is called when it is handed over in `allow`."""
    return f"{imported_as(str(thing.__module__))}:{thing.__qualname__}"


def imported_as(module: str) -> str:
    """The name of a module; for the script that runs, the one that it is imported under."""
    if module != "__main__":
        return module
    script = sys.modules["__main__"]
    spec, file = getattr(script, "__spec__", None), getattr(script, "__file__", None)
    return str(spec.name) if spec else Path(file).stem if file else module


def unstorable(value: Any) -> dict[str, str]:
    """The mark of a value that data cannot hold."""
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return {"unstorable": str(name)}
