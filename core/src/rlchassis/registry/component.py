"""A plugin as a recipe names it: data now, an object when the experiment is built."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlchassis.errors import UsageError
from rlchassis.registry.kinds import noun, require_kind
from rlchassis.registry.loading import load
from rlchassis.registry.wording import listed, quoted, setting_meant


@dataclass(frozen=True)
class Component:
    """A reference to a plugin with the options to make it with; equal, printable and storable whether or not it is installed."""

    kind: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Keep a copy of the options, lists as tuples, so that the caller's can change without changing the recipe."""
        require_kind(self.kind)
        object.__setattr__(self, "options", {name: _settled(option) for name, option in self.options.items()})

    def create(self) -> Any:
        """Load the plugin and call it with the options; raises PluginError, or UsageError for an option it does not know or accept.

        A plugin that is a module is what it is: it takes no options and is given back.
        """
        plugin = self.load()
        if not callable(plugin):
            return plugin
        try:
            return plugin(**self.options)
        except (TypeError, ValueError) as error:
            reason = str(error.args[0]) if error.args else type(error).__name__
            raise UsageError(f"{self.label} refuses its options: {reason.rstrip('.')}.") from error

    def load(self) -> Any:
        """The plugin itself; raises PluginError, or UsageError for an option that it does not know."""
        plugin = load(self.kind, self.name)
        if (known := option_names(plugin)) is not None:
            self._refuse_options_beyond(known)
        return plugin

    @property
    def label(self) -> str:
        """The component, spoken of in a sentence."""
        return f"{noun(self.kind)} {quoted(self.name)}"

    def _refuse_options_beyond(self, known: tuple[str, ...]) -> None:
        for option in self.options:
            if option not in known:
                hint = setting_meant(option, known) or f" It takes: {listed(known)}."
                raise UsageError(f"{self.label} has no option {quoted(option)}.{hint}")


def _settled(option: Any) -> Any:
    return tuple(map(_settled, option)) if isinstance(option, list | tuple) else option


def option_names(plugin: object) -> tuple[str, ...] | None:
    """The options that a plugin takes; None if it takes whatever it gets, or does not say."""
    if not callable(plugin):
        return ()
    try:
        parameters = inspect.signature(plugin).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY))
