"""What is wrong with the module of a verb and can be seen in its file, without importing it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import listed

REQUIRED = ("add_arguments", "main")


def visible_fault(plugin: Plugin) -> str | None:
    """Why the module cannot work: it is not there, is no Python, imports what is not installed, or lacks a function; None if nothing."""
    module = plugin.target.partition(":")[0].strip()
    try:
        path = _file_of(module)
        if path is None:
            return f"there is no module {module}"
        tree = ast.parse(path.read_text("utf-8"))
    except SyntaxError as error:
        return f"{module} is no Python: {error.msg}, line {error.lineno}"
    except (OSError, ValueError, ImportError) as error:
        return f"{module} cannot be read: {error}"
    if missing := sorted({name for name in _imports(tree) if not _is_there(name)}):
        return f"{module} imports {listed(missing)}, which is not installed"
    lacking = [name for name in REQUIRED if name not in _defined(tree)]
    return f"{module} lacks {listed(lacking)}" if lacking else None


def _file_of(module: str) -> Path | None:
    """Found through the top-level package, whose parts are not imported."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        return None
    if not inner:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or ():
        base = Path(folder, *inner)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
    return None


def _imports(tree: ast.Module) -> Iterator[str]:
    """The top-level names of what is imported as the module is."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _is_there(name: str) -> bool:
    return name in sys.builtin_module_names or name in sys.modules or importlib.util.find_spec(name) is not None


def _defined(tree: ast.Module) -> set[str]:
    """Names that the module has at its top level."""
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case _:
                pass
    return names
