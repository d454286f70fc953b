"""--allow: modules, classes and functions that a stored configuration may use."""

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
    """Add the option --allow."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="MODULE[:NAME]",
        help="your own code in the stored configuration: a module to import, or a class or function in it",
    )


def allowed(words: Iterable[str]) -> list[Any]:
    """Import the named modules, classes and functions."""
    words = list(words)
    if words:
        look_here()
    found = []
    for word in words:
        module, _, name = word.partition(":")
        try:
            found.append(reduce(getattr, name.split(".") if name else [], import_module(module)))
        except (Exception, SystemExit) as error:  # a user's module fails as it likes
            raise UsageError(f"--allow {word} cannot be imported: {raised(error, module.partition('.')[0])}.") from error
    return found


@contextmanager
def asking_to_allow() -> Iterator[None]:
    """Context in which NotAllowedError suggests --allow, where code can be named on the command line."""
    try:
        yield
    except NotAllowedError as error:
        if any("<" in name for name in error.names):
            raise
        remedy = f"add {' '.join(f'--allow {name}' for name in error.names)}"
        raise NotAllowedError(error.what, error.names, remedy) from error


def look_here() -> None:
    """Add the current directory to sys.path, as `python -m` does; not in Python's safe-path mode."""
    here = os.getcwd()  # noqa: PTH109  sys.path holds texts
    if not sys.flags.safe_path and "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)
