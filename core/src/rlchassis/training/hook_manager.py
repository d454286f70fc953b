"""Hook manager of a build or run: calling order, attribution of errors, checks of return values."""

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
_stop_votes: ContextVar[list[str]] = ContextVar("stop_votes")


def hook_manager(plugins: Iterable[tuple[str, Any]]) -> pluggy.PluginManager:
    """Plugin manager with (origin, plugin) pairs, called in order; errors raised in a hook get a note with its origin."""
    manager = pluggy.PluginManager("rlchassis")
    manager.add_hookspecs(Hooks)
    registered: list[Any] = []
    for origin, plugin in reversed(list(plugins)):  # pluggy calls the last registered first
        _require_hooks(plugin, origin)
        if any(plugin is each for each in registered):
            raise UsageError(f"{origin} is already registered; pass each object once.")
        registered.append(plugin)
        try:
            manager.register(_reporting(plugin, origin), name=origin)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise UsageError(f"{origin} has an invalid hook: {' '.join(str(error).split())}.") from error
    return manager


def _require_hooks(plugin: Any, origin: str) -> None:
    """UsageError for a class instead of an object, a hook without @hookimpl, and a wrapper of rlchassis_teardown."""
    if isinstance(plugin, type):
        raise UsageError(f"{origin}: expected an object, got the class {plugin.__name__}; write {plugin.__name__}().")
    for name in dir(plugin):
        if name.startswith("rlchassis_") and hasattr(Hooks, name) and not hasattr(getattr(plugin, name), "rlchassis_impl"):
            raise UsageError(f"{origin} defines {name} without @hookimpl; decorate it with rlchassis.api.hookimpl.")
    marks = getattr(getattr(plugin, "rlchassis_teardown", None), "rlchassis_impl", {})
    if marks.get("wrapper") or marks.get("hookwrapper"):
        raise UsageError(f"{origin} wraps rlchassis_teardown, which does not support wrappers; make it a plain hook.")


def _reporting(plugin: Any, origin: str) -> SimpleNamespace:
    """Namespace of a plugin's hooks, wrapped to attribute errors and check return values."""
    methods = {name: getattr(plugin, name) for name in dir(plugin)}
    return SimpleNamespace(
        **{
            name: _attributed(method, name, origin)
            for name, method in methods.items()
            if inspect.isroutine(method) and hasattr(method, "rlchassis_impl")
        }
    )


def tear_down(hooks: Any, world: Any) -> None:
    """Call every teardown in reverse order; errors are raised after all have run."""
    with ExitStack() as last_first:
        for implementation in reversed(hooks.rlchassis_teardown.get_hookimpls()):  # pluggy keeps them in the reverse of their calling order
            last_first.callback(implementation.function, *(world for name in implementation.argnames if name == "world"))


def call_if_implemented(hook: Any, **what: Any) -> None:
    """Call a hook if it has implementations; an empty call costs as much as collecting one step."""
    if hook.get_hookimpls():
        hook(**what)


def caller() -> str | None:
    """Origin of the hook being called, such as 'extension "acme.scale" of …'; None outside of hooks."""
    return _caller.get()


def collect_stop_votes() -> list[str]:
    """New list that collects the origins whose rlchassis_should_stop returns True."""
    _stop_votes.set([])
    return _stop_votes.get()


def _attributed(function: Callable[..., Any], hook: str, origin: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        with _attributing_errors(hook, origin):
            answer = function(*args)
            return answer if answer is None else _checked(answer, hook, origin)

    @functools.wraps(function)
    def wrap(*args: Any) -> Any:
        with _attributing_errors(hook, origin):
            return (yield from function(*args))

    return wrap if inspect.isgeneratorfunction(function) else call


@contextmanager
def _attributing_errors(hook: str, origin: str) -> Iterator[None]:
    """Context that adds the origin to errors, once: an error that passes through a wrapper has its note already. sys.exit is an error."""
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
    """UsageError if should_stop does not return a bool, or if another hook returns a bool that would be ignored."""
    is_vote, is_bool = hook == "rlchassis_should_stop", isinstance(answer, bool | np.bool_)
    if is_vote and not is_bool:
        raise UsageError(f"{hook} of {origin} returned {answer!r}, expected True, False or None.")
    if is_vote and answer:
        _stop_votes.get([]).append(origin)
    if is_bool and inspect.signature(getattr(Hooks, hook)).return_annotation in (None, "None"):
        raise UsageError(
            f"{hook} of {origin} returned {answer!r}, which is ignored; return None, or call world.state.request_stop(reason)."
        )
    return answer
