"""Import of plugins by name, and lookup of the name of a class. Imports one plugin at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

from rlchassis.errors import PluginError
from rlchassis.registry.demands import shortfall
from rlchassis.registry.discovery import claims
from rlchassis.registry.failures import why_not_loaded
from rlchassis.registry.kinds import GROUP_PREFIX
from rlchassis.registry.lookup import find, unambiguous_name
from rlchassis.registry.plugin import Plugin


class _BrokenPluginError(PluginError):
    """Plugin whose import raised an error."""


def load(kind: str, name: str) -> Any:
    """Import a plugin by name and return its object; raises PluginError, with the plugin's own error as cause."""
    return _load(find(kind, name))


def check(plugin: Plugin) -> Plugin:
    """Import a listed plugin; returns it unchanged, or with the state "broken" or "invalid"."""
    if not plugin.is_usable:
        return plugin
    try:
        _load(plugin)
    except _BrokenPluginError as error:
        return replace(plugin, state="broken", problem=str(error))
    except PluginError as error:
        return replace(plugin, state="invalid", problem=str(error))
    return plugin


def name_of(cls: type) -> tuple[str, str] | None:
    """Kind and name that a class is registered under, or None; an agent class has the name of its algorithm's builder.

    Imports only entry points that may be this class, and skips those that cannot be imported.
    """
    for plugin in _possible_plugins_of(cls):
        try:
            loaded = _load(plugin)
        except PluginError:
            continue
        if loaded is cls or getattr(loaded, "agent_class", None) is cls:
            return plugin.kind, unambiguous_name(plugin)
    return None


def _possible_plugins_of(cls: type) -> Iterator[Plugin]:
    package = cls.__module__.partition(".")[0]
    for plugin in claims():
        is_namesake = plugin.attribute.rpartition(".")[2] == cls.__name__
        if plugin.is_usable and plugin.package == package and (is_namesake or plugin.kind == "algorithm"):
            yield plugin


def _load(plugin: Plugin) -> Any:
    try:
        loaded = EntryPoint(plugin.name, plugin.target, GROUP_PREFIX + plugin.kind).load()
        problem = shortfall(plugin.kind, loaded)
    except (Exception, SystemExit) as error:  # foreign code fails as it likes; the message says whose it is
        raise _BrokenPluginError(why_not_loaded(plugin, error)) from error
    if problem:
        raise PluginError(f"{plugin.label} is not what its kind demands: {plugin.target} {problem}. Other plugins are unaffected.")
    return loaded
