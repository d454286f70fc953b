"""Decoding of configurations from plain data, through the registry and validators; no import paths in the data are followed."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import PurePath
from typing import Any, TypeVar, Union, get_origin

import attrs
import cattrs
import numpy as np
import torch

from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import UsageError
from rlchassis.registry import Component, Named, Used, component_of, load, name_as_used
from rlchassis.storage.spec.contents import require_bounded
from rlchassis.storage.spec.names import OwnCode, kind_and_name, modules_named_in, torch_module
from rlchassis.storage.spec.values import NOUNS, at, fields_of, made, mapping_of, options_of, strictly, tuple_of, union_of, unstorable

T = TypeVar("T")


def from_data(data: Any, expected: type[T] | Any, allow: Iterable[Any] = (), used: Used = frozenset()) -> T:
    """Decode a value of the expected type; UsageError names the wrong field. User classes and functions are taken from `allow`.

    used: plugins of the stored run, which resolve names that several distributions provide now.
    """
    require_bounded(data)
    return Decoder(allow, used).read(data, expected)  # type: ignore[no-any-return]  # of the expected type, by what the hooks check


class Decoder:
    """Decoder of configurations."""

    def __init__(self, allow: Iterable[Any] = (), used: Used = frozenset()) -> None:
        self._own_code, self._used = OwnCode(allow), used
        converter = cattrs.Converter(detailed_validation=False, structure_fallback_factory=lambda _: self._foreign)
        converter.register_structure_hook_func(attrs.has, partial(fields_of, converter.structure))
        converter.register_structure_hook_func(_is(dict, Mapping), partial(mapping_of, converter.structure))
        converter.register_structure_hook_func(_is(tuple), partial(tuple_of, converter.structure))
        converter.register_structure_hook_func(_is(type, Callable), self._named)
        converter.register_structure_hook_func(_is(Union, types.UnionType), partial(union_of, converter.structure))
        converter.register_structure_hook_func(_is_part, self._part)
        converter.register_structure_hook_func(_is(Any), self._open)
        converter.register_structure_hook(torch.device, lambda data, _: torch.device(strictly(data, str)))
        for primitive in NOUNS:
            converter.register_structure_hook(primitive, strictly)
        self.read = converter.structure

    def _foreign(self, data: Any, expected: Any) -> Any:
        """Decode a value of a type without an encoding; for type variables and iterables, decode by its tags."""
        match data:
            case {"unstorable": what}:
                raise unstorable(what)
        is_class = isinstance(expected, type)
        if not is_class and get_origin(expected) in (None, Iterable):
            return self._open(data, Any)
        if is_class and issubclass(expected, np.generic | PurePath) and not isinstance(data, Mapping | list):
            return expected(data)
        raise UsageError(f"no file can hold a {getattr(expected, '__name__', expected)}, so it is not {data!r}.")

    def _open(self, data: Any, _: Any) -> Any:
        """Decode an untyped value by its tags."""
        read = partial(self.read, cl=Any)
        match data:
            case list():
                return [read(each) for each in data]
            case {"tuple": list(items)} if len(data) == 1:
                return tuple(read(each) for each in items)
            case {"mapping": dict(mapping)} if len(data) == 1:
                return {key: read(each) for key, each in mapping.items()}
            case {"number": _} if len(data) == 1:
                return strictly(data, float)
            case {"component": _}:
                return self.read(data, Component)
            case dict() if set(data) & {"part", "class"}:
                return self.read(data, ConfigPart)
            case dict() if set(data) & {"object", "unstorable"}:
                return self._named(data, Any)
            case dict():
                return {key: read(each) for key, each in data.items()}
        return data

    def _part(self, data: Any, expected: Any) -> Any:
        if isinstance(data, expected):
            return data
        if isinstance(data, str | Named) and issubclass(expected, ConfigPart):
            return self._named_part(data if isinstance(data, Named) else Named(data), expected)
        if not isinstance(data, Mapping):
            raise UsageError(f"expected a description of {expected.__name__}, not {data!r}.")
        match dict(data):
            case {"component": str(name), **rest} if expected is Component:
                return self._component(*self._plugin(name), options_of(rest))
            case {"part": str(name), **rest} if expected is not Component:
                cls = load(*self._plugin(name))
            case {"class": str(name), **rest} if expected is not Component:
                cls = self._own_code.get(name)
            case {"unstorable": what}:
                raise unstorable(what)
            case _:
                raise UsageError(f"expected a description of {expected.__name__}, not {dict(data)!r}.")
        return self._built(cls, options_of(rest), expected, name)

    def _named_part(self, named: Named, expected: Any) -> Any:
        """Create a part from a name that a user wrote; files contain encoded parts."""
        written = component_of(expected.kind, named.written)
        component = Component(written.kind, written.name, {**written.options, **named.options})
        plugin = component.load()
        return at(component.label, lambda: self._built(plugin, component.options, expected, component.name))

    def _built(self, plugin: Any, options: Mapping[str, Any], expected: Any, name: str) -> Any:
        cls = getattr(plugin, "agent_class", plugin)
        is_fit = isinstance(cls, type) and issubclass(cls, (expected, *getattr(expected, "also_given_as", ())))
        if not is_fit:
            raise UsageError(f"expected {expected.__name__}, got {name}, which is not one.")
        part = fields_of(self.read, options, cls) if attrs.has(cls) else made(cls, self.read(options, dict[str, Any]), cls.__name__)
        self._own_code.require((*part.code_to_trust(), *modules_named_in(part.kind, options)))
        return part

    def _component(self, kind: str, name: str, options: dict[str, Any]) -> Component:
        self._own_code.require(modules_named_in(kind, options))
        return Component(kind, name, self.read(options, dict[str, Any]))

    def _plugin(self, text: str) -> tuple[str, str]:
        """Kind and name."""
        kind, name = kind_and_name(text)
        return kind, name_as_used(kind, name, self._used)

    def _named(self, data: Any, _: Any) -> Any:
        match data:
            case type() | types.FunctionType():
                return data
            case {"object": str(name)} if len(data) == 1 and ":" not in name:
                registered = load(*self._plugin(name))
                return getattr(registered, "agent_class", registered)
            case str(name) | {"object": str(name)} if name.startswith("torch.nn:") or isinstance(data, str):
                return torch_module(name.removeprefix("torch.nn:"))
            case {"object": str(name)} if len(data) == 1:
                return self._own_code.get(name)
            case {"unstorable": what}:
                raise unstorable(what)
        raise UsageError(f"expected the name of a class or function, not {data!r}.")


def _is(*kinds: Any) -> Callable[[Any], bool]:
    return lambda expected: get_origin(expected) in kinds or expected in kinds


def _is_part(expected: Any) -> bool:
    return isinstance(expected, type) and issubclass(expected, ConfigPart | Component)
