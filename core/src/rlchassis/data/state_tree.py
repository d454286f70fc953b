"""The state of objects as trees of plain values and arrays, for checkpoints. Imports no torch; tensors are in state_tensors.py."""

from __future__ import annotations

import random
from collections import deque
from enum import Enum
from fractions import Fraction
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, ClassVar, TypeAlias

import attrs
import numpy as np
from attrs import define, field
from gymnasium import Space
from gymnasium.envs.registration import EnvSpec

State: TypeAlias = Any
"""None, bool, int, float, str, array, tensor, or a list, tuple or dict of these; the state of any other object is Tagged."""


class UncoveredState(TypeError):  # noqa: N818  it says what is not covered
    """An object whose state cannot be stored, with its path."""


@define(eq=False)
class Tagged:
    """State of an object that is not plain: the kind of object and its content."""

    kind: str
    content: State = None


@define(eq=False)
class Capture:
    """One pass over the objects of a run; what is met twice is stored once."""

    constants: ClassVar[tuple[type[Any], ...]] = (
        *(FunctionType, BuiltinFunctionType, MethodType, ModuleType, type, np.ufunc, partial),
        *(Enum, Fraction, PurePath, Space, EnvSpec, np.dtype, range, slice, bytes),
    )
    """Classes of values that do not change; a restored object has them from its configuration."""
    copies: bool = True
    """Whether arrays are copied; otherwise the state changes with them."""
    _seen: dict[int, tuple[str, Any]] = field(factory=dict, init=False)
    """Paths of objects by identity; the objects are kept, so that no identity is used again."""

    def state_of(self, value: Any, path: str) -> State:
        """The state of a value; UncoveredState, with its path, for an object of unknown kind."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, np.generic):
            return Tagged("scalar", np.asarray(value))
        if isinstance(value, self.constants):
            return Tagged("constant")
        if isinstance(value, tuple):
            return tuple(self.state_of(each, f"{path}[{i}]") for i, each in enumerate(value))
        if id(value) in self._seen:
            return Tagged("same as", self._seen[id(value)][0])
        self._seen[id(value)] = path, value
        return self._container(value, path)

    def attempt(self, value: Any, path: str) -> State:
        """As state_of, but what was met on the way is forgotten where the value cannot be stored."""
        before = dict(self._seen)
        try:
            return self.state_of(value, path)
        except UncoveredState:
            self._seen = before
            raise

    def meet(self, value: Any, path: str) -> None:
        """Treat an object as stored already; what restores the state has to know it by the same path."""
        self._seen[id(value)] = path, value

    def _container(self, value: Any, path: str) -> State:
        match value:
            case np.ndarray() if value.dtype != object:
                return value.copy() if self.copies else value
            case list():
                return [self.state_of(each, f"{path}[{i}]") for i, each in enumerate(value)]
            case dict() if all(type(key) in (str, int) for key in value):
                return {key: self.state_of(each, f"{path}[{key!r}]") for key, each in value.items()}
            case deque():
                return Tagged("deque", self.state_of(list(value), path))
            case set() if all(type(each) in (str, int) for each in value):
                return Tagged("set", sorted(value, key=repr))
        return self._object(value, path)

    def _object(self, value: Any, path: str) -> State:
        if isinstance(value, np.random.Generator):
            return Tagged("numpy generator", self.state_of(dict(value.bit_generator.state), path))
        if isinstance(value, random.Random):
            return Tagged("python generator", value.getstate())
        if hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
            return Tagged("state_dict", type(self)(self.copies).state_of(value.state_dict(), path))  # whole, for it is restored by itself
        if attrs.has(type(value)):
            return Tagged("fields", {name: self.state_of(each, f"{path}.{name}") for name, each in fields_of(value).items()})
        raise UncoveredState(f"{path} is of {type(value).__name__}, which is neither plain data, an array, a generator nor an attrs class")


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of an attrs object to store; an object may have a method state_fields that returns them with other values."""
    if hasattr(value, "state_fields"):
        return dict(value.state_fields())
    return {attribute.name: getattr(value, attribute.name) for attribute in attrs.fields(type(value))}
