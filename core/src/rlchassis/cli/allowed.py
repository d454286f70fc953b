"""Code of the user's own that a stored recipe may use: named on the command line, imported because the user says so."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from importlib import import_module
from typing import Any

from rlchassis.errors import NotAllowedError, UsageError
from rlchassis.registry.failures import raised


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
    """What they name, imported; a module stands for what is defined in it."""
    words = list(words)
    if words:
        look_here()
    found = []
    for word in words:
        module, _, name = word.partition(":")
        try:
            found.append(reduce(getattr, name.split(".") if name else [], import_module(module)))
        except (Exception, SystemExit) as error:  # a user's module fails as it likes
            raise UsageError(f"--allow {word} names nothing that can be imported: {raised(error, module.partition('.')[0])}.") from error
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


def look_here() -> None:
    """Let modules of the current folder be imported, as `python script.py` and `python -m` do; not where Python runs in safe mode."""
    here = os.getcwd()  # noqa: PTH109  sys.path holds texts
    if not sys.flags.safe_path and "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)
