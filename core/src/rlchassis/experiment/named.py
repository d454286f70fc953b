"""Lists of components by name, and how they are merged with those of a configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import UsageError
from rlchassis.registry import Component, Named, component_of, find, installed, read_value
from rlchassis.registry.component import option_names
from rlchassis.registry.kinds import noun
from rlchassis.registry.wording import did_you_mean, listed, quoted
from rlchassis.storage.spec.decoding import Decoder
from rlchassis.training.callbacks import EpochStopCallback

T = TypeVar("T")
STOPS = {"reward": "stop-at-threshold", "metric": "stop-at-metric", "no-improvement": "stop-without-improvement"}
"""Short names of stop callbacks."""


def components(kind: str, written: Iterable[Any]) -> list[Component]:
    """Components by name; UsageError if one plugin is named twice."""
    found = [component_of(kind, each) for each in written]
    references = [find(kind, each.name).reference for each in found]
    for component, reference in zip(found, references, strict=True):
        if references.count(reference) > 1:
            raise UsageError(f"{noun(kind)} {quoted(component.name)} is named twice; name it once, with all its options.")
    return found


def parts(contract: type[ConfigPart], written: Iterable[Any]) -> list[Any]:
    """Factories by name or by their encoded form."""
    written = list(written)
    components(contract.kind, filter(_is_name, written))
    return [_part(contract, each) for each in written]


def _is_name(written: Any) -> bool:
    return isinstance(written, str) or "name" in written


def _part(contract: type[ConfigPart], written: Any) -> Any:
    if not _is_name(written):
        expected: Any = contract | Component
        return Decoder().read(written, expected)
    component = component_of(contract.kind, written)
    return Decoder().read(Named(component.name, component.options), contract)


def stops(written: Iterable[Any]) -> list[Any]:
    """Stop callbacks by short or registered names; "reward=475" sets the first option."""
    return parts(EpochStopCallback, [_stop(each) for each in written])


def _stop(written: Any) -> Any:
    if isinstance(written, Mapping):
        name = written.get("name")
        return {**written, "name": _stop_name(name)} if isinstance(name, str) else written
    name, equals, value = written.partition("=")
    if equals and ":" not in name:
        full = _stop_name(name.strip())
        return {"name": full, _first_option(full): read_value(value.strip())}
    name, colon, options = written.partition(":")
    return f"{_stop_name(name.strip())}{colon}{options}"


def stop_component(written: Any) -> Component:
    """Component of a stop callback by short or registered name."""
    return component_of(EpochStopCallback.kind, _stop(written))


def _stop_name(name: str) -> str:
    if name in STOPS:
        return STOPS[name]
    known = [plugin.name for plugin in installed("component")]
    if name not in (*known, *(each.rpartition(".")[2] for each in known)) and "@" not in name:
        names = (*STOPS, *(each for each in known if "stop" in each))
        raise UsageError(f"no stop callback {quoted(name)}.{did_you_mean(name, names) or f' There are: {listed(names)}.'}")
    return name


def _first_option(name: str) -> str:
    options = option_names(Component("component", name).load())
    if not options:
        raise UsageError(f"{quoted(name)} takes no options; write its name alone.")
    return options[0]


def joined(before: Iterable[T], more: Iterable[T]) -> tuple[T, ...]:
    """Concatenate; a part of the same plugin as an earlier one replaces it."""
    waiting = {_plugin_of(each): each for each in more}
    kept = [waiting.pop(_plugin_of(each), each) for each in before]
    return (*kept, *waiting.values())


def _plugin_of(part: object) -> object:
    return find(part.kind, part.name).reference if isinstance(part, Component) else type(part)
