"""Validation of the pickle in policy.pt before torch unpickles it: strings, ints, dicts by strings, tensors within their storages.

Only the opcodes and names that torch.save writes for these are accepted. The simulated values consist of these only, none is
shared, and only strings are hashed: time and memory are linear in the size of the pickle.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from rlchassis.config.limits import MOST_OPCODES, MOST_TENSORS
from rlchassis.storage.torch_archive import ArchiveError
from rlchassis.storage.torch_numbers import DTYPES, STORAGES, numbers_within

_DEEPEST = 8


def require_plain(content: bytes, sizes: Mapping[str, int]) -> None:
    """ArchiveError unless the pickle has only plain data and tensors within their storages; sizes: bytes of storages by key."""
    reader = _Reader(sizes)
    try:
        for count, (opcode, argument, position) in enumerate(pickletools.genops(content)):
            if count > MOST_OPCODES:
                raise ArchiveError("its pickle is larger than that of any policy")
            if opcode.name != "STOP":
                reader.follow(opcode.name, argument)
            elif position is None or position + 1 < len(content) or reader.storages != sizes.keys():
                raise ArchiveError("it holds what its pickle does not speak of")
    except ArchiveError:
        raise
    except Exception as error:  # whatever a strange pickle makes of pickletools and of the stack
        raise ArchiveError("its pickle is damaged") from error


@frozen
class _Name:
    """A global name, never imported."""

    name: str


@frozen
class _Storage:
    """A storage: a member of the archive."""

    item_size: int
    num_bytes: int


class _Tensor:
    """A validated tensor."""


@define
class _Reader:
    """Simulated unpickler: stack and memo of placeholders."""

    _sizes: Mapping[str, int]
    storages: set[str] = field(factory=set, init=False)
    """Keys of referenced storages."""
    _stack: list[Any] = field(factory=list, init=False)
    _below: list[list[Any]] = field(factory=list, init=False)
    """Stacks below each mark."""
    _memo: dict[int, Any] = field(factory=dict, init=False)
    _dicts: int = field(default=0, init=False)
    _tensors: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def follow(self, opcode: str, argument: Any) -> None:
        """Simulate an opcode."""
        step = _STEPS.get(opcode)
        if step is None:
            raise ArchiveError(f"its pickle holds more than a policy, by the opcode {opcode}")
        step(self, argument)

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def new_dict(self) -> None:
        self._dicts += 1
        if self._dicts > _DEEPEST:
            raise ArchiveError("its pickle holds more dicts than a policy")
        self.push({})

    def mark(self) -> None:
        if len(self._below) == _DEEPEST:
            raise ArchiveError("its pickle is nested more deeply than a policy")
        self._below.append(self._stack)
        self._stack = []

    def since_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def last(self, count: int) -> list[Any]:
        return [self._stack.pop() for _ in range(count)][::-1]

    def push_tuple(self, items: list[Any]) -> None:
        if any(isinstance(inner, tuple) for item in items if isinstance(item, tuple) for inner in item):
            raise ArchiveError("its pickle is nested more deeply than a policy")
        self.push(tuple(items))

    def set_items(self, items: list[Any]) -> None:
        keys, values, target = items[::2], items[1::2], self._stack[-1]
        if not (isinstance(target, dict) and all(isinstance(key, str) for key in keys)):
            raise ArchiveError("its pickle holds a dict by other keys than texts")
        target.update(zip(keys, values, strict=True))

    def remember(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def recall(self, index: int) -> None:
        if not isinstance(self._memo[index], str | _Name):
            raise ArchiveError("its pickle uses something twice")
        self.push(self._memo[index])

    def push_storage(self) -> None:
        match self._stack.pop():
            case ("storage", _Name(kind), str(key), "cpu", int(numbers)) if self._sizes.get(key) == numbers * STORAGES.get(kind, -1):
                self.storages.add(key)
                self.push(_Storage(STORAGES[kind], self._sizes[key]))
            case _:
                raise ArchiveError("it lacks a storage that its pickle speaks of, or has another")

    def call(self) -> None:
        match self.last(2):
            case _Name("collections OrderedDict"), ():
                self.push(None)
            case _Name("torch._utils _rebuild_tensor_v2"), (_Storage(item_size) as storage, *placed, bool(), None):
                self._push_tensor(storage, item_size, *placed)
            case _Name("torch._utils _rebuild_tensor_v3"), (_Storage() as storage, *placed, bool(), None, _Name(dtype)) if dtype in DTYPES:
                self._push_tensor(storage, DTYPES[dtype], *placed)
            case _:
                raise ArchiveError("its pickle would call something else than what makes plain tensors")

    def _push_tensor(self, storage: _Storage, item_size: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self._tensors += 1
        self._bytes += numbers_within(storage.num_bytes // item_size, offset, shape, strides) * item_size
        if self._tensors > MOST_TENSORS or self._bytes > sum(self._sizes.values()):
            raise ArchiveError("it holds more tensors than it has numbers for")
        self.push(_Tensor())


_STEPS: Mapping[str, Callable[[_Reader, Any], None]] = {
    "PROTO": lambda reader, _: None,
    **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"), _Reader.push),
    "NEWTRUE": lambda reader, _: reader.push(True),
    "NEWFALSE": lambda reader, _: reader.push(False),
    "GLOBAL": lambda reader, name: reader.push(_Name(name)),
    "EMPTY_DICT": lambda reader, _: reader.new_dict(),
    "EMPTY_TUPLE": lambda reader, _: reader.push(()),
    "TUPLE1": lambda reader, _: reader.push_tuple(reader.last(1)),
    "TUPLE2": lambda reader, _: reader.push_tuple(reader.last(2)),
    "TUPLE3": lambda reader, _: reader.push_tuple(reader.last(3)),
    "TUPLE": lambda reader, _: reader.push_tuple(reader.since_mark()),
    "MARK": lambda reader, _: reader.mark(),
    "SETITEM": lambda reader, _: reader.set_items(reader.last(2)),
    "SETITEMS": lambda reader, _: reader.set_items(reader.since_mark()),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Reader.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Reader.recall),
    "BINPERSID": lambda reader, _: reader.push_storage(),
    "REDUCE": lambda reader, _: reader.call(),
}
