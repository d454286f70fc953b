"""Puts captured state back into objects that were made anew from the same configuration. Imports no torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar

import attrs
import numpy as np
from attrs import define, field
from attrs.exceptions import FrozenInstanceError

from rlchassis.data.state_tree import State, Tagged, UncoveredState

WORDS_OF_MT19937, WORDS_OF_PHILOX = 624, 4
"""Words that these generators of numpy draw before they compute the next ones."""


@define(eq=False)
class Restoration:
    """Restores values: the current object is changed in place where it can be, and returned; otherwise a new one is.

    UncoveredState, with the path, if a current object is of another kind than it was.
    """

    plain: ClassVar[tuple[type[Any], ...]] = (bool, int, float, str, np.generic, np.ndarray, list, tuple, dict, deque, set)
    """Classes of values that have no state but themselves."""
    fixed: bool = False
    """Whether arrays keep the shape and dtype that they have, as those of an object that has made room for them."""

    made: dict[str, Any] = field(factory=dict)
    """What was restored so far, by path, for what is met again elsewhere."""

    def value(self, current: Any, state: State, path: str) -> Any:
        """The value with this state."""
        made = self.made[path] = self._restored(current, state, path)
        return made

    def _restored(self, current: Any, state: State, path: str) -> Any:
        if not isinstance(state, Tagged) and state is not None:
            self._require_plain(current, state, path)
        match state:
            case Tagged():
                return self._tagged(current, state, path)
            case np.ndarray():
                return self._array(current, state, path)
            case dict():
                return self._dict(current, state, path)
            case list():
                return self._list(current, state, path)
            case tuple():
                return self._tuple(current, state, path)
        return state

    def _require_plain(self, current: Any, state: State, path: str) -> None:
        """UncoveredState where plain data would replace an object that has a state, or a number a container."""
        is_container = isinstance(current, list | tuple | dict) and isinstance(state, bool | int | float | str)
        if is_container or self._has_state(current):
            raise UncoveredState(f"{path} is of {type(current).__name__} here, but was of {type(state).__name__} when it was stored")

    def _has_state(self, current: Any) -> bool:
        return current is not None and not isinstance(current, self.plain)

    def _require_all(self, current: Iterable[Any], path: str) -> None:
        """UncoveredState if one of these parts, which were not stored, has a state."""
        if any(map(self._has_state, current)):
            raise UncoveredState(f"{path} has other parts here than it was stored with")

    def _dict(self, current: Any, state: dict[Any, Any], path: str) -> Any:
        known = current if isinstance(current, dict) else {}
        found = {key: self.value(known.get(key), each, f"{path}[{key!r}]") for key, each in state.items()}
        if not isinstance(current, dict):
            return found
        self._require_all((part for key, part in current.items() if key not in found), path)
        current.clear()
        current.update(found)
        return current

    def _list(self, current: Any, state: list[Any], path: str) -> list[Any]:
        made = self._parts(current if isinstance(current, list) else [], state, path)
        if not isinstance(current, list):
            return made
        current[:] = made
        return current

    def _tuple(self, current: Any, state: tuple[Any, ...], path: str) -> Any:
        made = self._parts(current if isinstance(current, tuple) else (), state, path)
        return type(current)(*made) if hasattr(type(current), "_fields") else tuple(made)

    def _parts(self, current: Any, state: Any, path: str) -> list[Any]:
        known = current if len(current) == len(state) else (None,) * len(state)
        if known is not current:
            self._require_all(current, path)
        return [self.value(part, each, f"{path}[{i}]") for i, (part, each) in enumerate(zip(known, state, strict=True))]

    def _tagged(self, current: Any, state: Tagged, path: str) -> Any:
        content = state.content
        match state.kind:
            case "constant":
                return current
            case "same as":
                return self.made.get(content) if current is None else current
            case "scalar":
                return content[()]
            case "deque":
                return deque(self.value(None, content, path), maxlen=getattr(current, "maxlen", None))
            case "set":
                return set(content)
        if current is None:
            raise UncoveredState(f"{path} is None here, but was an object with state when it was stored")
        return self._object(current, state.kind, content, path)

    def _array(self, current: Any, state: Any, path: str) -> Any:
        if not isinstance(current, np.ndarray):
            return state
        if (current.shape, current.dtype) == (state.shape, state.dtype) and current.flags.writeable:
            np.copyto(current, state)
            return current
        if self.fixed:
            raise UncoveredState(f"{path} is {current.dtype} {current.shape} here, but was {state.dtype} {state.shape} when it was stored")
        return state

    def _object(self, current: Any, kind: str, content: Any, path: str) -> Any:
        match kind:
            case "numpy generator":
                set_generator(current, self.value(None, content, path))
            case "python generator":
                current.setstate(self.value(None, content, path))
            case "state_dict":
                current.load_state_dict(self.value(None, content, path))
            case "fields":
                return self._fields(current, content, path)
            case _:
                raise UncoveredState(f"{path} was stored as {kind!r}, which is unknown here")
        return current

    def _fields(self, current: Any, content: dict[str, Any], path: str) -> Any:
        """Fields of an attrs object in place; for a frozen one a copy where fields differ.

        An object whose parts are made when they are first needed has a method make_room, which is called with the stored fields before.
        """
        inner = self
        if hasattr(current, "make_room"):
            current.make_room(content)
            inner = type(self)(fixed=True, made=self.made)
        if not attrs.has(type(current)) or {a.name for a in attrs.fields(type(current))} != content.keys():
            raise UncoveredState(f"{path} is of {type(current).__name__} here, with other fields than it was stored with")
        made = {name: inner.value(getattr(current, name), state, f"{path}.{name}") for name, state in content.items()}
        changed = changed_fields(current, made)
        if _assigned(current, changed) or all(value == getattr(current, name) for name, value in changed.items()):
            return current
        anew = object.__new__(type(current))
        for name, value in made.items():
            object.__setattr__(anew, name, value)
        return anew


def changed_fields(current: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Those that are not the current object's already, which could not be changed in place."""
    return {name: value for name, value in fields.items() if value is not getattr(current, name)}


def _assigned(current: Any, changed: dict[str, Any]) -> bool:
    """Assign fields; returns whether that was possible, which it is not for a frozen object."""
    try:
        for name, value in changed.items():
            setattr(current, name, value)
    except FrozenInstanceError:
        return False
    return True


def set_generator(generator: np.random.Generator, state: Any) -> None:
    """Set the state of a generator; ValueError for a position beyond its words, which numpy would read from foreign memory."""
    require_position(state["state"].get("pos", 0), WORDS_OF_MT19937)
    require_position(state.get("buffer_pos", 0), WORDS_OF_PHILOX)
    generator.bit_generator.state = state


def require_position(position: Any, words: int) -> None:
    """ValueError unless a position lies within as many words of a generator, or at their end."""
    if type(position) is not int or not 0 <= position <= words:
        raise ValueError(f"a generator has {words} words, but is at {str(position)[:20]}")


def plain_value(state: State, path: str) -> Any:
    """A new value with a state of plain data and arrays."""
    return Restoration().value(None, state, path)
