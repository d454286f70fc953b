"""States whose tensors or header are malformed: the safetensors container and its JSON."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from typing import Any

from checkpoint_layout import Edit, Evil


def header_of(whole: bytes) -> tuple[int, Any]:
    """Where the tensors begin, and the header before them."""
    size = struct.unpack("<Q", whole[:8])[0]
    return 8 + size, json.loads(whole[8 : 8 + size])


def with_header(whole: bytes, edit: Edit) -> bytes:
    """The state with another header, or other bytes in its place, before the same tensors."""
    end, header = header_of(whole)
    edited = edit(header)
    text = edited if isinstance(edited, bytes) else json.dumps(edited).encode()
    return struct.pack("<Q", len(text)) + text + whole[end:]


def containers() -> dict[str, Callable[[bytes], bytes]]:
    return {
        "nothing": lambda whole: b"",
        "seven bytes": lambda whole: whole[:7],
        "a header of 0 bytes": lambda whole: bytes(len(whole)),
        "a header of 2^63 bytes": lambda whole: struct.pack("<Q", 2**63) + whole[8:],
        "a header that is longer than the file": lambda whole: struct.pack("<Q", len(whole)) + whole[8:],
        "a header that ends early": lambda whole: struct.pack("<Q", 10) + whole[8:],
        "tensors cut off": lambda whole: whole[:-100],
        "more behind the tensors": lambda whole: whole + bytes(100),
        "another archive": lambda whole: b"PK\x03\x04" + whole,
    }


def headers(command: str) -> dict[str, Edit]:
    def metadata(**changes: Any) -> Edit:
        return lambda header: {**header, "__metadata__": {**header["__metadata__"], **changes}}

    def every(**changes: Any) -> Edit:
        return lambda header: {name: each if name == "__metadata__" else {**each, **changes} for name, each in header.items()}

    def text(content: bytes) -> Edit:
        return lambda header: content

    evil = pickle.dumps(Evil(command), protocol=0).decode("latin-1")
    return {
        "a header that is a list": text(b"[]"),
        "a header that is a number": text(b"1"),
        "a header of no UTF-8": text(b'{"\xff": 1}'),
        "a header of lists 100 000 deep": text(b"[" * 100_000),
        "a header with a key twice": lambda header: json.dumps(header)[:-1].encode() + b', "__metadata__": {}}',
        "a header with NaN": text(b'{"__metadata__": NaN}'),
        "a header of 5 million empty lists": text(b'{"a": [' + b"[]," * 5_000_000 + b"[]]}"),
        "a header of 20 MiB of blanks": text(b" " * 20 * 2**20 + b"{}"),
        "no metadata": lambda header: {name: each for name, each in header.items() if name != "__metadata__"},
        "metadata that is a list": lambda header: {**header, "__metadata__": []},
        "metadata of another format": metadata(format="2"),
        "metadata of the format 1 as a number": metadata(format=1),
        "a state that is a list": metadata(state=[]),
        "a state of nothing": metadata(state=""),
        "a state that is a pickle": metadata(state=evil),
        "a state of lists 100 000 deep": metadata(state="[" * 100_000),
        "a state of lists 99 deep": metadata(state='["list",' * 99 + "1" + "]" * 99),
        "a state of 5 million numbers": metadata(state='["list",' + "1," * 5_000_000 + "1]"),
        "a state with 1e999": metadata(state='["dict",["buffer",1e999]]'),
        "tensors at one place": every(data_offsets=[0, 4], shape=[1], dtype="F32"),
        "tensors at places below 0": every(data_offsets=[-4, 0]),
        "tensors that end before they begin": every(data_offsets=[4, 0]),
        "tensors beyond the end": every(data_offsets=[2**40, 2**40 + 4]),
        "tensors of negative shape": every(shape=[-1]),
        "tensors of 2^60 numbers": every(shape=[2**60]),
        "tensors of 2^40 · 2^40 numbers": every(shape=[2**40, 2**40]),
        "tensors of 200 dimensions": every(shape=[1] * 200),
        "tensors of an unknown dtype": every(dtype="O"),
        "tensors of a dtype of eight bits": every(dtype="F8_E5M2"),
        "a tensor with a pickle for its name": lambda header: {**header, evil: header["0"]},
    }
