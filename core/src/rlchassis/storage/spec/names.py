"""Resolution of names in encoded configurations: plugins, torch.nn modules, and user code passed in `allow`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import nn

from rlchassis.errors import UsageError
from rlchassis.registry.wording import did_you_mean
from rlchassis.storage.spec.encoding import imported_as, qualified_name


class OwnCode:
    """Classes, functions and modules passed in `allow`; a module allows the classes and functions defined in it."""

    def __init__(self, allow: Iterable[Any] = ()) -> None:
        handed = list(allow)
        for each in handed:
            if not (isinstance(each, ModuleType) or hasattr(each, "__qualname__")):
                raise UsageError(f"allow takes classes, functions and modules themselves, got {each!r}.")
        self._modules = [each.__name__ for each in handed if isinstance(each, ModuleType)]
        self._things = {qualified_name(each): each for each in handed if not isinstance(each, ModuleType)}

    def find(self, name: str) -> Any:
        """The class or function of a name such as "my_module:make", or None if it is not allowed; imports nothing."""
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

    def get(self, name: str) -> Any:
        """The allowed class or function of this name; UsageError if it is not allowed."""
        found = self.find(name)
        if found is None:
            raise UsageError(f"it uses {name}, which no plugin registers; if you trust it, pass it in allow: allow=[{short_name(name)}].")
        return found

    def require(self, names: Iterable[str]) -> None:
        """UsageError for a module that is not imported, or a class or function that is not allowed."""
        for name in names:
            if ":" not in name and name not in sys.modules:
                raise UsageError(f"its use would import {name}; if you trust that module, import it before, or say --allow {name}.")
            if ":" in name and self.find(name) is None:
                raise UsageError(f"its use would call {name}; if you trust that code, allow it: --allow {name}, or allow=[…] in Python.")

    def _is_trusted(self, module: str) -> bool:
        return any(module == each or module.startswith(f"{each}.") for each in self._modules)


def kind_and_name(text: str) -> tuple[str, str]:
    """Split "optimizer/adam" into kind and name."""
    kind, separator, name = text.partition("/")
    if not separator:
        raise UsageError(f"{text!r} names no plugin; write kind/name, such as 'optimizer/adam'.")
    return kind, name


def torch_module(name: str) -> type[nn.Module]:
    """The module class of torch.nn of this name."""
    found = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.Module):
        return found
    raise UsageError(f"torch.nn has no module {name!r}.{did_you_mean(name, tuple(n for n in dir(nn) if n[0].isupper()))}")


def short_name(name: str) -> str:
    """Unqualified name of a class or function."""
    return name.rpartition(":")[2].rpartition(".")[2]


def modules_named_in(kind: str, options: Any) -> Iterator[str]:
    """Modules that an environment could import because of its options, such as an id "my_module:Mine-v0"."""
    for text in _texts(options) if kind == "env" else ():
        for module in dict.fromkeys((text.partition(":")[0], text.rpartition(":")[0])):
            if module and _can_be_imported(module):
                yield module


def _texts(data: Any) -> Iterator[str]:
    """Every string with a colon at any depth, keys included, except names of user code."""
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
    """Whether its top-level package is installed; imports nothing."""
    package = module.partition(".")[0]
    try:
        return package in sys.modules or find_spec(package) is not None
    except (ValueError, ImportError):  # no name of a module
        return False


def _looked_up(module: str, path: str) -> Any:
    """Attribute of an already imported module, looked up without running its code."""
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found
