"""Code of the user's own that a stored recipe may use: named on the command line, imported because the user says so."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from importlib import import_module
from typing import Any

from rlchassis.errors import NotAllowedError, UsageError


def add_allow(parser: argparse.ArgumentParser) -> None:
    """The option."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="MODULE[:NAME]",
        help="code of yours that the recipe uses: a module to import, or a class or function in it",
    )


def allowed(words: Iterable[str]) -> list[Any]:
    """What they name, imported; modules register their environments by being imported, and are not handed over themselves."""
    found = []
    for word in words:
        module, _, name = word.partition(":")
        try:
            thing = reduce(getattr, name.split(".") if name else [], import_module(module))
        except (ImportError, AttributeError, ValueError, TypeError) as error:
            raise UsageError(f"--allow {word} names nothing that can be imported: {error}.") from error
        if name:
            found.append(thing)
    return found


@contextmanager
def asking_to_allow() -> Iterator[None]:
    """Within it code that was not named is asked for in words of the command line; what only Python can name, in those of Python."""
    try:
        yield
    except NotAllowedError as error:
        if any("<" in name for name in error.names):
            raise
        remedy = f"add {' '.join(f'--allow {name}' for name in error.names)}"
        raise NotAllowedError(error.what, error.names, remedy) from error
