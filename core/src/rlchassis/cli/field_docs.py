"""The settings of a recipe with their defaults, and the sentence that stands below each field in its source."""

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


def documented(recipe: Any, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted name, default, sentence) of every setting in a recipe; recipes within it are gone through in their place."""
    docs = field_docs(type(recipe))
    for a in attrs.fields(type(recipe)):
        value = one_of(getattr(recipe, a.name))
        if attrs.has(type(value)):
            yield from documented(value, f"{prefix}{a.alias}.")
        else:
            yield f"{prefix}{a.alias}", shown(value), docs.get(a.name, "")


def field_docs(cls: type) -> dict[str, str]:
    """The first line below each field of a class and its bases; nothing where there is no source to read."""
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
