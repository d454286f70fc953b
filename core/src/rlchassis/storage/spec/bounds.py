"""What no recipe is, whatever its fields would say to it; and which modules the settings of a stored environment could make it import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from rlchassis.config.limits import LONGEST_NAME, MOST_PARTS
from rlchassis.errors import UsageError
from rlchassis.storage.reading import is_too_deep
from rlchassis.storage.spec.contents import descriptions

_NAMING = ("part", "component", "class", "object")


def require_bounded(data: Any) -> None:
    """UsageError for data beyond any recipe."""
    if is_too_deep(data):
        raise UsageError("the data is nested too deeply to be a recipe.")
    names = [each[tag] for each in descriptions(data) for tag in _NAMING if tag in each]
    if len(names) > MOST_PARTS:
        raise UsageError(f"the recipe has {len(names)} parts, but none has more than {MOST_PARTS}.")
    longest = max((len(name) for name in names if isinstance(name, str)), default=0)
    if longest > LONGEST_NAME:
        raise UsageError(f"the recipe has a name of {longest} characters, but none has more than {LONGEST_NAME}.")


def modules_named_in(kind: str, options: Any) -> Iterator[str]:
    """Modules that an environment could import by its options, as those do that make others by id: "my_module:Mine-v0"."""
    for text in _texts(options) if kind == "env" else ():
        for module in dict.fromkeys((text.partition(":")[0], text.rpartition(":")[0])):
            if module and _can_be_imported(module):
                yield module


def _texts(data: Any) -> Iterator[str]:
    """Every text with a colon at any depth, keys too, but names of users' own code, which is handed over."""
    match data:
        case str() if ":" in data:
            yield data
        case {"object": str()} if len(data) == 1:
            pass
        case {"class": str(), "options": options} | {"part": str(), "options": options} if len(data) == 2:
            yield from _texts(options)
        case {"mapping": dict(found)} if len(data) == 1:
            yield from _texts([*found, *found.values()])
        case dict():
            yield from _texts([*data, *data.values()])
        case list() | tuple():
            for each in data:
                yield from _texts(each)


def _can_be_imported(module: str) -> bool:
    """Whether its outermost package is there; to look for that one imports nothing."""
    package = module.partition(".")[0]
    try:
        return package in sys.modules or find_spec(package) is not None
    except (ValueError, ImportError):  # no name of a module
        return False
