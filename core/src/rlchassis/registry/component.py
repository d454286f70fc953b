"""Component: a plugin by name with options, created when the experiment is built."""

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
    """Reference to a plugin by name, with options; comparable, printable and storable even if it is not installed."""

    kind: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Copy the options, lists as tuples, so that they are immutable."""
        require_kind(self.kind)
        object.__setattr__(self, "options", {name: _settled(option) for name, option in self.options.items()})

    def create(self) -> Any:
        """Import the plugin and call it with the options; raises PluginError, or UsageError for an unknown or invalid option.

        A plugin that is a module takes no options and is returned itself.
        """
        plugin = self.load()
        if not callable(plugin):
            return plugin
        try:
            return plugin(**self.options)
        except (TypeError, ValueError) as error:
            reason = str(error.args[0]) if error.args else type(error).__name__
            end = "" if reason.endswith("?") else "."
            raise UsageError(f"{self.label} refuses its options: {reason.rstrip('.')}{end}") from error

    def load(self) -> Any:
        """Import the plugin; raises PluginError, or UsageError for an unknown option."""
        plugin = load(self.kind, self.name)
        if (known := option_names(plugin)) is not None:
            self._refuse_options_beyond(known)
        return plugin

    @property
    def label(self) -> str:
        """Kind and name, for messages."""
        return f"{noun(self.kind)} {quoted(self.name)}"

    def _refuse_options_beyond(self, known: tuple[str, ...]) -> None:
        for option in self.options:
            if option not in known:
                hint = setting_meant(option, known) or f" It takes: {listed(known)}."
                raise UsageError(f"{self.label} has no option {quoted(option)}.{hint}")


def _settled(option: Any) -> Any:
    return tuple(map(_settled, option)) if isinstance(option, list | tuple) else option


def option_names(plugin: object) -> tuple[str, ...] | None:
    """Names of a plugin's options; None if it accepts any, or its signature is not known."""
    if not callable(plugin):
        return ()
    try:
        parameters = inspect.signature(plugin).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY))
