"""The hook manager of a build or a run: who is called, in which order, and what is said of errors and answers that come of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import numpy as np
import pluggy

from rlchassis.errors import UsageError, exits_are_errors
from rlchassis.hookspecs import Hooks

_caller: ContextVar[str | None] = ContextVar("caller", default=None)
_in_favour: ContextVar[list[str]] = ContextVar("in_favour")


def hook_manager(plugins: Iterable[tuple[str, Any]]) -> pluggy.PluginManager:
    """A manager with the given (origin, plugin) pairs, called in their order; errors that leave a hook say where they come from."""
    manager = pluggy.PluginManager("rlchassis")
    manager.add_hookspecs(Hooks)
    registered: list[Any] = []
    for origin, plugin in reversed(list(plugins)):  # pluggy calls the last registered first
        _require_hooks(plugin, origin)
        if any(plugin is each for each in registered):
            raise UsageError(f"{origin} is registered already; hand each object over once.")
        registered.append(plugin)
        try:
            manager.register(_reporting(plugin, origin), name=origin)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise UsageError(f"{origin} cannot take part in a run: {' '.join(str(error).split())}.") from error
    return manager


def _require_hooks(plugin: Any, origin: str) -> None:
    """UsageError for a class in place of an object, for a hook that is not marked as one, and for a wrapper around teardown."""
    if isinstance(plugin, type):
        raise UsageError(f"{origin}: expected an object, got the class {plugin.__name__}; write {plugin.__name__}().")
    for name in dir(plugin):
        if name.startswith("rlchassis_") and hasattr(Hooks, name) and not hasattr(getattr(plugin, name), "rlchassis_impl"):
            raise UsageError(f"{origin} has a {name} that is not marked as a hook; write @hookimpl above it, from rlchassis.api.")
    marks = getattr(getattr(plugin, "rlchassis_teardown", None), "rlchassis_impl", {})
    if marks.get("wrapper") or marks.get("hookwrapper"):
        raise UsageError(f"{origin} wraps rlchassis_teardown, which is called on every extension by itself; make it a plain hook.")


def _reporting(plugin: Any, origin: str) -> SimpleNamespace:
    """What is registered for a plugin: its hooks, each of which says where an error comes from and checks its answer."""
    methods = {name: getattr(plugin, name) for name in dir(plugin)}
    return SimpleNamespace(
        **{
            name: _noted(method, name, origin)
            for name, method in methods.items()
            if inspect.isroutine(method) and hasattr(method, "rlchassis_impl")
        }
    )


def tear_down(hooks: Any, world: Any) -> None:
    """Call every teardown, the last extension first; an error is raised once all have run."""
    with ExitStack() as last_first:
        for implementation in reversed(hooks.rlchassis_teardown.get_hookimpls()):  # pluggy keeps them in the reverse of their calling order
            last_first.callback(implementation.function, *(world for name in implementation.argnames if name == "world"))


def caller() -> str | None:
    """Whose hook is being called, as "extension "acme.scale" of …"; None outside of hooks."""
    return _caller.get()


def ballot() -> list[str]:
    """An empty list, to which whoever answers True to a hook that asks is added from now on."""
    _in_favour.set([])
    return _in_favour.get()


def _noted(function: Callable[..., Any], hook: str, origin: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        with _noting(hook, origin):
            answer = function(*args)
            return answer if answer is None else _checked(answer, hook, origin)

    @functools.wraps(function)
    def wrap(*args: Any) -> Any:
        with _noting(hook, origin):
            return (yield from function(*args))

    return wrap if inspect.isgeneratorfunction(function) else call


@contextmanager
def _noting(hook: str, origin: str) -> Iterator[None]:
    """An error that leaves says whose it is, once: one that passes through a wrapper was noted where it arose. sys.exit is an error."""
    token = _caller.set(origin)
    with exits_are_errors(f"hook {hook} of {origin}"):
        try:
            yield
        except BaseException as error:
            if not any(said.startswith(f"raised in hook {hook}") for said in getattr(error, "__notes__", ())):
                error.add_note(f"raised in hook {hook} of {origin}")
            raise
        finally:
            _caller.reset(token)


def _checked(answer: Any, hook: str, origin: str) -> Any:
    """UsageError for an answer that would be misunderstood: no yes or no where that was asked, or a yes or no that nobody reads."""
    is_vote, is_bool = hook == "rlchassis_should_stop", isinstance(answer, bool | np.bool_)
    if is_vote and not is_bool:
        raise UsageError(f"{hook} of {origin} returned {answer!r}, expected True, False or None.")
    if is_vote and answer:
        _in_favour.get([]).append(origin)
    if is_bool and inspect.signature(getattr(Hooks, hook)).return_annotation in (None, "None"):
        raise UsageError(
            f"{hook} of {origin} returned {answer!r}, which nothing reads; return nothing, or call world.state.request_stop(reason)."
        )
    return answer
