"""Copies of configurations with nested fields changed, as `--set` and recipes do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar, get_args, get_origin

import attrs

from rlchassis.config.config_part import ConfigPart
from rlchassis.registry import Component
from rlchassis.storage.spec.decoding import Decoder
from rlchassis.storage.spec.encoding import TAGS, field_types, init_fields, to_data
from rlchassis.storage.spec.values import at, made, require_fields

T = TypeVar("T")


def amended(config: T, changes: Mapping[str, Any]) -> T:
    """Copy of a configuration with fields changed at any depth: {"params": {"lr": 3e-4}}; UsageError for an unknown field."""
    cls: Any = type(config)
    fields, expected = init_fields(cls), field_types(cls)
    require_fields(changes, expected, cls)
    evolved = {
        key: at(key, partial(_amended_value, getattr(config, fields[key].name), change, expected[key])) for key, change in changes.items()
    }
    return made(partial(attrs.evolve, config), evolved, "")


def _amended_value(current: Any, change: Any, expected: Any) -> Any:
    if _is_row_of_parts(current, expected) and not isinstance(change, list | tuple):
        return tuple(_amended_value(each, change, one) for each, one in zip(current, get_args(expected), strict=True))
    if not isinstance(change, Mapping) or set(change) & set(TAGS):
        return Decoder().read(change, expected)
    if isinstance(current, Component):
        return Component(current.kind, current.name, {**current.options, **change})
    if attrs.has(type(current)):
        return amended(current, change)
    if isinstance(current, Mapping):
        return {**current, **_amended_items(current, change, *get_args(expected)[1:])}
    match to_data(current):
        case {"part": name, "options": options}:
            return Decoder().read({"part": name, "options": {**options, **change}}, expected)
    return Decoder().read(change, expected)


def _amended_items(current: Mapping[str, Any], changes: Mapping[str, Any], expected: Any = Any) -> Mapping[str, Any]:
    if expected is Any:
        return changes
    return {key: at(key, partial(_amended_value, current.get(key), change, expected)) for key, change in changes.items()}


def _is_row_of_parts(current: Any, expected: Any) -> bool:
    """Whether it is a fixed-length tuple of parts, such as two critics: a change applies to each."""
    fixed = get_origin(expected) is tuple and Ellipsis not in get_args(expected)
    return fixed and all(isinstance(each, ConfigPart) for each in current)
