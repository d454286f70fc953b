"""Static checks of the module of a command plugin, without importing it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import listed

REQUIRED = ("add_arguments", "main")
ANYTHING = frozenset({"*", "__getattr__"})
"""Names with which a module may define others dynamically."""


def visible_fault(plugin: Plugin) -> str | None:
    """Why the module cannot work: it is missing, not valid Python, imports a missing package, or lacks a function.

    None if no problem is found; problems found only by importing it are reported when the command is used.
    """
    module = plugin.target.partition(":")[0].strip()
    try:
        spec = _spec_of(module)
        if spec is None:
            return f"there is no module {module}"
        if spec.origin is None or not spec.origin.endswith(".py"):
            return None
        tree = ast.parse(Path(spec.origin).read_bytes())
    except SyntaxError as error:
        return f"{module} is not valid Python: {error.msg}, line {error.lineno}"
    except (OSError, ValueError, ImportError, RecursionError, MemoryError) as error:
        return f"{module} cannot be read: {type(error).__name__}: {error}"
    if missing := sorted({name for name in _imports(tree) if not _is_there(name)}):
        return f"{module} imports {listed(missing)}, which is not installed"
    bound = set(_bound(tree.body))
    lacking = [] if plugin.attribute or bound & ANYTHING else [name for name in REQUIRED if name not in bound]
    return f"{module} lacks {listed(lacking)}" if lacking else None


def _spec_of(module: str) -> ModuleSpec | None:
    """Find a module's spec without importing its parent packages."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    for name in inner:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{name}", list(spec.submodule_search_locations))
    return spec


def _imports(tree: ast.Module) -> Iterator[str]:
    """Top-level packages that the module imports at module level."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _is_there(name: str) -> bool:
    return name in sys.builtin_module_names or name in sys.modules or importlib.util.find_spec(name) is not None


def _bound(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """Names bound by statements of a module, including those in if, try and with."""
    for node in statements:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases)
            case _:
                yield from (each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
        for inner in (*getattr(node, "handlers", ()), node):
            for part in ("body", "orelse", "finalbody"):
                yield from _bound(getattr(inner, part, None) or ())
