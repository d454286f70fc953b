"""What a checkpoint stores of callbacks: their attributes, where these can be stored."""

from __future__ import annotations

from typing import Any

import attrs

from rlchassis.data.state_restoring import Restoration
from rlchassis.data.state_tensors import TensorCapture
from rlchassis.data.state_tree import Capture, State, UncoveredState
from rlchassis.training.callbacks import CallbackContext, EpochStopCallback
from rlchassis.training.world import World


def callback_states(world: World, capture: Capture) -> dict[str, State]:
    """State of each callback by name: what its state_dict returns, or its attributes without those of `uncovered_attributes`."""
    capture.meet(world, "world")
    return {name: _state(callback, capture, name) for name, callback in world.callbacks.items()}


def uncovered_attributes(world: World, states: dict[str, Any]) -> list[str]:
    """Attributes of callbacks that could not be stored, such as open files."""
    found = {name: _attributes(callback) for name, callback in world.callbacks.items() if not _has_state_dict(callback)}
    return [f"{attribute} of {name}" for name, live in found.items() for attribute in live if attribute not in states[name]]


def not_stored(world: World) -> list[str]:
    """As uncovered_attributes, of callbacks as they are now."""
    return uncovered_attributes(world, callback_states(world, TensorCapture(copies=False)))


def restore_callbacks(world: World, states: dict[str, Any], restoration: Restoration) -> list[str]:
    """Put states back into callbacks, after `begin`; returns what could not be, such as an object that is made only later."""
    restoration.made["world"] = world
    failed: list[str] = []
    for name, callback in world.callbacks.items():
        if isinstance(callback, EpochStopCallback):
            callback.begin(CallbackContext(world))
        state = states.get(name, {})
        if _has_state_dict(callback) and name in states:
            restoration.value(callback, state, name)
            continue
        for attribute, value in state.items():
            try:
                _restore(callback, attribute, value, restoration, f"{name}.{attribute}")
            except (UncoveredState, AttributeError, KeyError, TypeError, ValueError):  # whatever strange values lead to
                failed.append(f"{attribute} of {name} was not restored")
    return failed


def _restore(callback: object, attribute: str, state: State, restoration: Restoration, path: str) -> None:
    if attribute.startswith("__") or callable(getattr(type(callback), attribute, None)):
        raise UncoveredState(f"{path} is no attribute that has a state")
    current = getattr(callback, attribute, None)
    value = restoration.value(current, state, path)
    if value is not current:
        object.__setattr__(callback, attribute, value)  # frozen ones are changed as well


def _state(callback: object, capture: Capture, name: str) -> State:
    if _has_state_dict(callback):
        return capture.state_of(callback, name)
    found: dict[str, State] = {}
    for attribute, value in _attributes(callback).items():
        try:
            found[attribute] = capture.attempt(value, f"{name}.{attribute}")
        except UncoveredState:
            continue
    return found


def _attributes(callback: Any) -> dict[str, Any]:
    slots = {each.name: getattr(callback, each.name) for each in attrs.fields(type(callback))} if attrs.has(type(callback)) else {}
    return {**slots, **getattr(callback, "__dict__", {})}


def _has_state_dict(callback: object) -> bool:
    return hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict")
