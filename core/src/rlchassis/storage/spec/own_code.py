"""Users' own code that a stored recipe may use: what they handed over, and nothing else that the recipe names."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from rlchassis.errors import UsageError
from rlchassis.storage.spec.encoding import imported_as, qualified_name


class OwnCode:
    """Classes, functions and modules that were handed over; a module stands for the classes and functions that are defined in it."""

    def __init__(self, allow: Iterable[Any] = ()) -> None:
        handed = list(allow)
        for each in handed:
            if not (isinstance(each, ModuleType) or hasattr(each, "__qualname__")):
                raise UsageError(f"allow takes classes, functions and modules themselves, got {each!r}.")
        self._modules = [each.__name__ for each in handed if isinstance(each, ModuleType)]
        self._things = {qualified_name(each): each for each in handed if not isinstance(each, ModuleType)}

    def find(self, name: str) -> Any:
        """The class or function of a name such as "my_module:make", or None where it was not handed over; imports nothing."""
        if name in self._things:
            return self._things[name]
        module, _, path = name.partition(":")
        if "__main__" in self._modules and module == imported_as("__main__"):
            module = "__main__"
        thing = _looked_up(module, path)
        if any(thing is each for each in self._things.values()):
            return thing
        trusted = self._is_trusted(module) and self._is_trusted(str(getattr(thing, "__module__", "")))
        return thing if callable(thing) and trusted else None

    def require(self, names: Iterable[str]) -> None:
        """UsageError for a module that nobody imported yet, or a class or function that was not handed over."""
        for name in names:
            if ":" not in name and name not in sys.modules:
                raise UsageError(f"its use would import {name}; if you trust that module, import it before, or say --allow {name}.")
            if ":" in name and self.find(name) is None:
                raise UsageError(
                    f"its use would call {name}; if you trust that code, hand it over: --allow {name}, or allow=[…] in Python."
                )

    def _is_trusted(self, module: str) -> bool:
        return any(module == each or module.startswith(f"{each}.") for each in self._modules)


def _looked_up(module: str, path: str) -> Any:
    """What stands there in a module that is imported already; no code of its own runs to find it."""
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found
