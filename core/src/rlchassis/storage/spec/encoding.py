"""Encoding of configurations as plain data: registry names and validated values, never import paths.

A part becomes one of
    {"part": "optimizer/adam", "options": {…}}        its class is registered by an entry point
    {"component": "optimizer/adam", "options": {…}}   a reference, resolved when the experiment is built
    {"class": "module:Name", "options": {…}}          a user class, decoded only if passed in `allow`
    {"object": "module:name"}                         a user function or class itself, likewise; "kind/name" if registered
    {"unstorable": "…"}                               a value without an encoding; rejected by decoding
Non-finite numbers become {"number": "inf"}, other values themselves. Where no field type says how to decode a value,
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
    """Encode a configuration or a value in one; typed: whether the type of its field says how to decode it."""
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
    """Convert subclasses of bool, int, float and str to exactly those."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(float(value))}
    kind = next((kind for kind in (bool, int, float, str) if isinstance(value, kind)), None)
    return value if kind is None else kind(value)


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): to_data(each, typed=False) for key, each in value.items()}


def _options(value: Component) -> dict[str, Any]:
    """Options of a Component, in which lists are tuples and need no tag."""
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
    """Constructor arguments: init fields of attrs classes, or attributes named like parameters of __init__, **keywords included."""
    if attrs.has(type(value)):
        types = field_types(type(value))
        return {alias: to_data(getattr(value, a.name), typed=types[alias] is not Any) for alias, a in init_fields(type(value)).items()}
    parameters = inspect.signature(type(value)).parameters.values()
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if not all(hasattr(value, name) for name in names):
        return None
    keywords = next((getattr(value, p.name, {}) for p in parameters if p.kind is p.VAR_KEYWORD), {})
    return {name: to_data(each, typed=False) for name, each in {**{name: getattr(value, name) for name in names}, **keywords}.items()}


def init_fields(cls: type[attrs.AttrsInstance]) -> dict[str, attrs.Attribute[Any]]:
    """Init fields by the names of constructor parameters."""
    return {str(a.alias): a for a in attrs.fields(cls) if a.init}


def field_types(cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """Types of the init fields; Any if not annotated, annotated as object, or not resolvable at run time."""
    try:
        attrs.resolve_types(cls)
    except NameError:
        return dict.fromkeys(init_fields(cls), Any)
    return {alias: Any if a.type in (None, object) or isinstance(a.type, TypeVar) else a.type for alias, a in init_fields(cls).items()}


def _named(value: type | types.FunctionType, typed: bool) -> Any:
    """torch.nn modules and registered classes by name; others by a qualified name that is compared, never imported."""
    if isinstance(value, type) and getattr(nn, value.__name__, None) is value:
        return value.__name__ if typed else {"object": f"torch.nn:{value.__name__}"}
    registered = name_of(value) if isinstance(value, type) and issubclass(value, ConfigPart) else None
    if registered:
        return {"object": "/".join(registered)}
    if "<" in value.__qualname__:
        return unstorable(value)
    return {"object": qualified_name(value)}


def qualified_name(thing: Any) -> str:
    """Qualified name "module:name" by which a class or function in `allow` is matched."""
    return f"{imported_as(str(thing.__module__))}:{thing.__qualname__}"


def imported_as(module: str) -> str:
    """Name of a module; for __main__, the name under which it can be imported."""
    if module != "__main__":
        return module
    script = sys.modules["__main__"]
    spec, file = getattr(script, "__spec__", None), getattr(script, "__file__", None)
    return str(spec.name) if spec else Path(file).stem if file else module


def unstorable(value: Any) -> dict[str, str]:
    """Encoding of a value that cannot be stored."""
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return {"unstorable": str(name)}
