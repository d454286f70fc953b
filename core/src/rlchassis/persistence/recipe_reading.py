"""From plain data back to recipes, through the registry and the validators of every field; nothing is imported by a path in the data."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
import torch
from torch import nn

from rlchassis.errors import UsageError
from rlchassis.persistence.recipe_data import TAGS, qualified_name
from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component, load
from rlchassis.registry.wording import did_you_mean

T = TypeVar("T")


def from_data(data: Any, expected: type[T] | Any, allow: Iterable[Any] = ()) -> T:
    """A value of the expected type; UsageError says which field is wrong and why. Users' own classes and functions come from `allow`."""
    try:
        return _converter(allow).structure(data, expected)  # type: ignore[no-any-return]  # of the expected type, by what the hooks check
    except RecursionError as error:
        raise UsageError("the data is nested too deeply to be a recipe.") from error


def amended(recipe: T, changes: Mapping[str, Any]) -> T:
    """The same recipe with some fields, at any depth, changed: {"params": {"lr": 3e-4}}; UsageError for a field that is not there."""
    converter = _converter(())
    fields = _init_fields(type(recipe))  # type: ignore[arg-type]  # every recipe is an attrs class
    evolved = {}
    for key, change in changes.items():
        field = _field(fields, key, type(recipe))
        evolved[key] = _amended_value(getattr(recipe, field.name), change, field.type, converter, key)
    return _made(lambda **options: attrs.evolve(recipe, **options), evolved, "")  # type: ignore[type-var]  # every recipe is an attrs class


def _amended_value(current: Any, change: Any, expected: Any, converter: cattrs.Converter, key: str) -> Any:
    if isinstance(change, Mapping) and not set(change) & set(TAGS):
        if isinstance(current, Component):
            return attrs_free_evolve(current, change)
        if attrs.has(type(current)):
            return _at(key, lambda: amended(current, change))
        if isinstance(current, Mapping):
            return {**current, **change}
    return _at(key, lambda: converter.structure(change, expected))


def attrs_free_evolve(component: Component, options: Mapping[str, Any]) -> Component:
    """A reference with more options."""
    return Component(component.kind, component.name, {**component.options, **options})


def _converter(allow: Iterable[Any]) -> cattrs.Converter:
    allowed = {qualified_name(each): each for each in allow}
    converter = cattrs.Converter(detailed_validation=False)

    def structure_attrs(data: Any, cls: Any) -> Any:
        return _structure_fields(data, cls, converter)

    def structure_part(data: Any, expected: Any) -> Any:
        return _structure_part(data, expected, converter, allowed)

    def structure_union(data: Any, expected: Any) -> Any:
        return _structure_union(data, expected, converter)

    def structure_named(data: Any, expected: Any) -> Any:
        return _structure_named(data, allowed)

    converter.register_structure_hook_func(attrs.has, structure_attrs)
    converter.register_structure_hook_func(_is_named, structure_named)
    converter.register_structure_hook_func(_is_union, structure_union)
    converter.register_structure_hook_func(_is_part, structure_part)
    converter.register_structure_hook(torch.device, lambda data, _: torch.device(_strictly(data, str)))
    for primitive in (bool, int, float, str):
        converter.register_structure_hook(primitive, _strictly)
    return converter


def _is_part(expected: Any) -> bool:
    return isinstance(expected, type) and issubclass(expected, RecipePart | Component)


def _is_union(expected: Any) -> bool:
    return get_origin(expected) in (Union, types.UnionType)


def _is_named(expected: Any) -> bool:
    return get_origin(expected) in (type, Callable)


def _strictly(data: Any, expected: type) -> Any:
    if expected is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if type(data) is not expected:
        raise UsageError(f"expected {_noun(expected)}, not {data!r}.")
    return data


def _noun(expected: Any) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[expected]


def _structure_union(data: Any, expected: Any, converter: cattrs.Converter) -> Any:
    members = get_args(expected)
    if data is None and type(None) in members:
        return None
    refusals = []
    for member in sorted((m for m in members if m is not type(None)), key=lambda m: m is float):
        try:
            return converter.structure(data, member)
        except (ValueError, TypeError) as error:
            refusals.append(error)
    raise min(refusals, key=lambda error: str(error).startswith("expected "))


def _structure_fields(data: Any, cls: Any, converter: cattrs.Converter) -> Any:
    if not isinstance(data, Mapping):
        raise UsageError(f"expected the fields of {cls.__name__}, not {data!r}.")
    fields = _init_fields(cls)
    values = {}
    for key, value in data.items():
        field = _field(fields, key, cls)
        values[key] = _at(key, lambda value=value, field=field: converter.structure(value, field.type) if field.type else value)
    return _made(cls, values, cls.__name__)


def _init_fields(cls: type[attrs.AttrsInstance]) -> dict[str, attrs.Attribute[Any]]:
    attrs.resolve_types(cls)
    return {str(a.alias): a for a in attrs.fields(cls) if a.init}


def _field(fields: Mapping[str, attrs.Attribute[Any]], key: str, cls: type) -> attrs.Attribute[Any]:
    if key not in fields:
        hint = did_you_mean(key, tuple(fields)) or f" It has: {', '.join(fields)}."
        raise UsageError(f"{cls.__name__} has no field {key!r}.{hint}")
    return fields[key]


def _structure_part(data: Any, expected: Any, converter: cattrs.Converter, allowed: Mapping[str, Any]) -> Any:
    if isinstance(data, str) and issubclass(expected, RecipePart):
        data = {"part": f"{expected.kind}/{data}"}
    if not isinstance(data, Mapping):
        raise UsageError(f"expected a description of {expected.__name__}, not {data!r}.")
    match dict(data):
        case {"component": str(name), **rest} if expected is Component:
            return Component(*_kind_and_name(name), _options(rest))
        case {"part": str(name), **rest} if expected is not Component:
            cls = load(*_kind_and_name(name))
            cls = getattr(cls, "agent_class", cls)
        case {"class": str(name), **rest} if expected is not Component:
            cls = _allowed(name, allowed)
        case {"unstorable": what}:
            raise UsageError(f"the recipe holds {what}, which cannot be stored in a file; build this experiment in code again.")
        case _:
            raise UsageError(f"expected a description of {expected.__name__}, not {dict(data)!r}.")
    if not (isinstance(cls, type) and issubclass(cls, expected)):
        raise UsageError(f"{name} is no {expected.__name__}.")
    options = _options(rest)
    return _structure_fields(options, cls, converter) if attrs.has(cls) else _made(cls, options, cls.__name__)


def _options(rest: dict[str, Any]) -> dict[str, Any]:
    options = rest.pop("options", {})
    if rest or not isinstance(options, Mapping):
        raise UsageError(f"a description has a name and options and nothing else, not {', '.join(map(repr, rest)) or repr(options)}.")
    return dict(options)


def _kind_and_name(text: str) -> tuple[str, str]:
    kind, separator, name = text.partition("/")
    if not separator:
        raise UsageError(f"{text!r} names no plugin; write kind/name, such as 'optimizer/adam'.")
    return kind, name


def _structure_named(data: Any, allowed: Mapping[str, Any]) -> Any:
    if isinstance(data, str):
        found = getattr(nn, data, None)
        if isinstance(found, type) and issubclass(found, nn.Module):
            return found
        raise UsageError(f"torch.nn has no module {data!r}.{did_you_mean(data, tuple(n for n in dir(nn) if n[0].isupper()))}")
    match data:
        case {"object": str(name)} if len(data) == 1:
            return _allowed(name, allowed)
        case {"unstorable": what}:
            raise UsageError(f"the recipe holds {what}, which cannot be stored in a file; build this experiment in code again.")
    raise UsageError(f"expected the name of a class or function, not {data!r}.")


def _allowed(name: str, allowed: Mapping[str, Any]) -> Any:
    if name not in allowed:
        short = name.rpartition(":")[2]
        raise UsageError(f"the recipe uses {name}, which no plugin registers; if you trust it, hand it over: from_directory(…, allow=[{short}]).")
    return allowed[name]


def _made(make: Callable[..., T], values: dict[str, Any], what: str) -> T:
    try:
        return make(**values)
    except UsageError:
        raise
    except (TypeError, ValueError) as error:
        reason = str(error.args[0]) if error.args else repr(error)
        raise UsageError(f"{what}: {reason}" if what else reason) from error


def _at(key: str, structure: Callable[[], Any]) -> Any:
    """Put the name of the field before what is wrong with its value."""
    try:
        return structure()
    except UsageError as error:
        raise type(error)(f"{key}: {error}") from error.__cause__
    except (TypeError, ValueError, KeyError, cattrs.errors.StructureHandlerNotFoundError) as error:
        raise UsageError(f"{key}: {error}") from error
