"""Options of plugins, and the layout of settings and options for a terminal."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from rlchassis.cli.field_docs import field_docs
from rlchassis.cli.shown import default_of, shown
from rlchassis.registry.component import option_names

Row = tuple[str, str, str]
"""Name, default and documentation of a setting or option."""


def options_of(plugin: Any) -> list[Row]:
    """Options that `name:option=value` can set; empty if the plugin's signature does not name them."""
    names = option_names(plugin) or ()
    docs = field_docs(plugin) if isinstance(plugin, type) else {}
    return [(name, _default(plugin, name), docs.get(name, "")) for name in names]


def _default(plugin: Any, name: str) -> str:
    if attrs.has(plugin):
        fields = {str(a.alias): default_of(a) for a in attrs.fields(plugin)}
        default = fields.get(name, attrs.NOTHING)
    else:
        default = inspect.signature(plugin).parameters[name].default
    return "required" if default in (attrs.NOTHING, inspect.Parameter.empty) else shown(default)


def laid_out(rows: Iterable[Row], indent: int = 2) -> Iterator[str]:
    """Lines of name and default, with the documentation below, wrapped to the terminal's width."""
    for name, default, sentence in rows:
        yield from _wrapped(f"{name} = {default}" if default else name, indent, indent + 4)
        yield from _wrapped(sentence, indent + 4, indent + 4)


def _wrapped(text: str, first: int, rest: int) -> list[str]:
    width = max(shutil.get_terminal_size().columns, rest + 1)
    return textwrap.wrap(text, width, initial_indent=" " * first, subsequent_indent=" " * rest)
