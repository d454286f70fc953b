"""experiment.pkl: a pickle of plain data in a call of one function; read here without executing it."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from rlchassis.config.limits import DEEPEST, MOST_OPCODES
from rlchassis.errors import StoredFileError
from rlchassis.storage.reading import is_too_deep, read_bytes

PROTOCOL = 4
_FRAMING = ("PROTO", "FRAME", "MARK", "STOP")
_VALUES = ("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE")
_CONTAINERS = ("EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
_DATA_OPCODES = frozenset((*_FRAMING, *_VALUES, *_CONTAINERS))


def inert_pickle(restore: Callable[[Any], Any], data: Any) -> bytes:
    """Pickle that evaluates to restore(data) when loaded by pickle."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, PROTOCOL)
    pickler.fast = True  # no memo: what refers to nothing cannot grow beyond its file, and is a tree
    pickler.dump(_Call(restore, data))
    return file.getvalue()


class _Call:
    """Pickles as a call of the restore function."""

    def __init__(self, restore: Callable[[Any], Any], data: Any) -> None:
        self._call = (restore, (data,))

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        return self._call


def read_inert_pickle(path: Path, restores: tuple[str, str]) -> Any:
    """Read the data; StoredFileError unless the file contains only plain data and the name of the restore function."""
    content = read_bytes(path)
    if not _is_inert(content):
        raise StoredFileError(f"{path} is no configuration written by rlchassis, and not safe to open; it was not opened.")
    try:
        data = _Unpickler(io.BytesIO(content), restores).load()
    except Exception as error:  # whatever a strange file makes of pickle's reader
        raise StoredFileError(f"{path} is damaged; restore it from a copy.") from error
    if not _is_json(data):
        raise StoredFileError(f"{path} holds what no configuration holds; restore it from a copy.")
    if is_too_deep(data):
        raise StoredFileError(f"{path} is nested too deeply, by more than {DEEPEST} levels; restore it from a copy.")
    return data


def _is_json(data: Any) -> bool:
    """Whether the data consists of JSON types only."""
    waiting = [data]
    while waiting:
        match waiting.pop():
            case dict(fields) if all(isinstance(key, str) for key in fields):
                waiting += fields.values()
            case list(items):
                waiting += items
            case float(number) if math.isfinite(number):
                pass
            case None | bool() | int() | str():
                pass
            case _:
                return False
    return True


def _is_inert(content: bytes) -> bool:
    """Whether there are only opcodes of plain data, one STACK_GLOBAL, and one REDUCE at the end."""
    try:
        names = [opcode.name for opcode, _, _ in islice(pickletools.genops(content), MOST_OPCODES)]
    except Exception:  # noqa: BLE001  whatever a malformed pickle makes of pickletools, it is no configuration
        return False
    code = [name for name in names if name not in _DATA_OPCODES]
    return code == ["STACK_GLOBAL", "REDUCE"] and names[-1] == "STOP" and names[-2] == "REDUCE"


class _Unpickler(pickle.Unpickler):
    """Unpickler that allows one global name, replaced by the identity function."""

    def __init__(self, file: io.BytesIO, admitted: tuple[str, str]) -> None:
        super().__init__(file)
        self._admitted = admitted

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) != self._admitted:
            raise pickle.UnpicklingError(f"{module}.{name} is not admitted")
        return lambda data: data
