"""From plain data back to recipes, through the registry and the validators of every field; nothing is imported by a path in the data."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
import torch
from torch import nn

from rlchassis.errors import UsageError
from rlchassis.persistence.recipe_data import field_types, qualified_name
from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component, load
from rlchassis.registry.wording import did_you_mean

T = TypeVar("T")


def from_data(data: Any, expected: type[T] | Any, allow: Iterable[Any] = ()) -> T:
    """A value of the expected type; UsageError says which field is wrong and why. Users' own classes and functions come from `allow`."""
    try:
        return reader(allow).structure(data, expected)  # type: ignore[no-any-return]  # of the expected type, by what the hooks check
    except RecursionError as error:
        raise UsageError("the data is nested too deeply to be a recipe.") from error


def reader(allow: Iterable[Any] = ()) -> cattrs.Converter:
    """What structures the data of recipes."""
    allowed = {qualified_name(each): each for each in allow}
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook_func(attrs.has, lambda data, cls: _structure_fields(data, cls, converter))
    converter.register_structure_hook_func(_is_mapping, lambda data, expected: _structure_mapping(data, expected, converter))
    converter.register_structure_hook_func(_is_named, lambda data, _: _structure_named(data, allowed))
    converter.register_structure_hook_func(_is_union, lambda data, expected: _structure_union(data, expected, converter))
    converter.register_structure_hook_func(_is_part, lambda data, expected: _structure_part(data, expected, converter, allowed))
    converter.register_structure_hook_func(_is_open, lambda data, _: _structure_open(data, converter, allowed))
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


def _is_mapping(expected: Any) -> bool:
    return get_origin(expected) in (dict, Mapping)


def _is_open(expected: Any) -> bool:
    return expected is Any


def _strictly(data: Any, expected: type) -> Any:
    match data:
        case {"number": str(number)} if expected is float and len(data) == 1:
            return _number(number)
        case int() if expected is float and not isinstance(data, bool):
            return float(data)
        case _ if type(data) is not expected:
            raise UsageError(f"expected {_noun(expected)}, not {data!r}.")
    return data


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no number.") from error


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


def _structure_mapping(data: Any, expected: Any, converter: cattrs.Converter) -> dict[str, Any]:
    """The values of a dict were written without regard to their type."""
    if not isinstance(data, Mapping):
        raise UsageError(f"expected names and their values, not {data!r}.")
    (_, value_type) = get_args(expected)
    read = {key: at(key, partial(converter.structure, value, Any)) for key, value in data.items()}
    return read if value_type is Any else {key: at(key, partial(converter.structure, value, value_type)) for key, value in read.items()}


def _structure_open(data: Any, converter: cattrs.Converter, allowed: Mapping[str, Any]) -> Any:
    """What no type describes is what its tags say."""
    read = partial(converter.structure, cl=Any)
    match data:
        case list():
            return [read(each) for each in data]
        case {"tuple": list(items)} if len(data) == 1:
            return tuple(read(each) for each in items)
        case {"mapping": dict(mapping)} if len(data) == 1:
            return {key: read(each) for key, each in mapping.items()}
        case {"number": _} if len(data) == 1:
            return _strictly(data, float)
        case {"component": _}:
            return converter.structure(data, Component)
        case dict() if set(data) & {"part", "class"}:
            return converter.structure(data, RecipePart)
        case dict() if set(data) & {"object", "unstorable"}:
            return _structure_named(data, allowed)
        case dict():
            return {key: read(each) for key, each in data.items()}
    return data


def _structure_fields(data: Any, cls: Any, converter: cattrs.Converter) -> Any:
    if not isinstance(data, Mapping):
        raise UsageError(f"expected the fields of {cls.__name__}, not {data!r}.")
    expected = field_types(cls)
    require_fields(data, expected, cls)
    return made(cls, {key: at(key, partial(converter.structure, value, expected[key])) for key, value in data.items()}, cls.__name__)


def require_fields(data: Mapping[str, Any], known: Mapping[str, Any], cls: type) -> None:
    """UsageError, with the nearest name, for a key that is no field of the class."""
    for key in data:
        if key not in known:
            hint = did_you_mean(str(key), tuple(known)) or f" It has: {', '.join(known)}."
            raise UsageError(f"{cls.__name__} has no field {key!r}.{hint}")


def _structure_part(data: Any, expected: Any, converter: cattrs.Converter, allowed: Mapping[str, Any]) -> Any:
    if isinstance(data, str) and issubclass(expected, RecipePart):
        data = {"part": f"{expected.kind}/{data}"}
    if not isinstance(data, Mapping):
        raise UsageError(f"expected a description of {expected.__name__}, not {data!r}.")
    match dict(data):
        case {"component": str(name), **rest} if expected is Component:
            return Component(*_kind_and_name(name), converter.structure(_options(rest), dict[str, Any]))
        case {"part": str(name), **rest} if expected is not Component:
            cls = load(*_kind_and_name(name))
            cls = getattr(cls, "agent_class", cls)
        case {"class": str(name), **rest} if expected is not Component:
            cls = _allowed(name, allowed)
        case {"unstorable": what}:
            raise _unstorable(what)
        case _:
            raise UsageError(f"expected a description of {expected.__name__}, not {dict(data)!r}.")
    if not (isinstance(cls, type) and issubclass(cls, expected)):
        raise UsageError(f"{name} is no {expected.__name__}.")
    options = _options(rest)
    return _structure_fields(options, cls, converter) if attrs.has(cls) else _made_plainly(cls, options, converter)


def _made_plainly(cls: Any, options: Mapping[str, Any], converter: cattrs.Converter) -> Any:
    return made(cls, converter.structure(options, dict[str, Any]), cls.__name__)


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
    match data:
        case str(name) | {"object": str(name)} if name.startswith("torch.nn:") or isinstance(data, str):
            return _torch_module(name.removeprefix("torch.nn:"))
        case {"object": str(name)} if len(data) == 1:
            return _allowed(name, allowed)
        case {"unstorable": what}:
            raise _unstorable(what)
    raise UsageError(f"expected the name of a class or function, not {data!r}.")


def _torch_module(name: str) -> type[nn.Module]:
    found = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.Module):
        return found
    raise UsageError(f"torch.nn has no module {name!r}.{did_you_mean(name, tuple(n for n in dir(nn) if n[0].isupper()))}")


def _unstorable(what: Any) -> UsageError:
    return UsageError(f"the recipe holds {what}, which cannot be stored in a file; build this experiment in code again.")


def _allowed(name: str, allowed: Mapping[str, Any]) -> Any:
    if name not in allowed:
        raise UsageError(f"it uses {name}, which no plugin registers; if you trust it, hand it over: allow=[{short_name(name)}].")
    return allowed[name]


def short_name(name: str) -> str:
    """What a class or function is called where it was imported from its module."""
    return name.rpartition(":")[2].rpartition(".")[2]


def made(make: Callable[..., T], values: Mapping[str, Any], what: str) -> T:
    """The call, with whatever it refuses told as a UsageError."""
    try:
        return make(**values)
    except UsageError:
        raise
    except (TypeError, ValueError) as error:
        reason = str(error.args[0]) if error.args else repr(error)
        raise UsageError(f"{what}: {reason}" if what else reason) from error


def at(key: str, structure: Callable[[], T]) -> T:
    """Put the name of the field before what is wrong with its value."""
    try:
        return structure()
    except UsageError as error:
        raise type(error)(f"{key}: {error}") from error.__cause__
    except (TypeError, ValueError, KeyError, cattrs.errors.StructureHandlerNotFoundError) as error:
        raise UsageError(f"{key}: {error}") from error
