"""Fields of configurations with their defaults and docstrings."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import attrs

from rlchassis.cli.shown import shown
from rlchassis.experiment.settings import one_of


def documented(config: Any, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted name, default, docstring) of every field of a configuration, nested ones included."""
    docs = field_docs(type(config))
    for a in attrs.fields(type(config)):
        value = one_of(getattr(config, a.name))
        if attrs.has(type(value)):
            yield from documented(value, f"{prefix}{a.alias}.")
        else:
            yield f"{prefix}{a.alias}", shown(value), docs.get(a.name, "")


def field_docs(cls: type) -> dict[str, str]:
    """First line of the docstring below each field of a class and its bases; empty without source code."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError, SyntaxError):
            continue
        found |= dict(_docs_in(tree.body[0]))
    return found


def _docs_in(definition: ast.stmt) -> Iterator[tuple[str, str]]:
    body = getattr(definition, "body", [])
    for statement, following in pairwise(body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, text.strip().partition("\n")[0]
