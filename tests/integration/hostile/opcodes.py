"""Pickles in the place of that of a sound policy: plain by every opcode, and more than they look like."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

STOP = b"."
STORAGE_OF_FLOATS = b"ctorch\nFloatStorage\n"


def text(value: str) -> bytes:
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def whole(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    encoded = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def numbers(*values: Any) -> bytes:
    return b"(" + b"".join(each if isinstance(each, bytes) else whole(each) for each in values) + b"t"


def storage(key: bytes = text("0"), kind: bytes = STORAGE_OF_FLOATS, place: bytes = text("cpu"), size: Any = 2) -> bytes:
    return b"(" + text("storage") + kind + key + place + (size if isinstance(size, bytes) else whole(size)) + b"tQ"


def tensor(
    stored: bytes | None = None,
    offset: Any = 0,
    shape: bytes | None = None,
    strides: bytes | None = None,
    rest: bytes = b"\x89ccollections\nOrderedDict\n)R",
    name: bytes = b"ctorch._utils\n_rebuild_tensor_v2\n",
) -> bytes:
    """Two numbers of a storage of two, by default."""
    parts = (storage() if stored is None else stored, whole(offset) if isinstance(offset, int) else offset)
    shapes = (numbers(2) if shape is None else shape, numbers(1) if strides is None else strides)
    return name + b"(" + b"".join((*parts, *shapes)) + rest + b"tR"


def policy(weights: Mapping[str, bytes], more: bytes = b"", record: bytes = text("{}")) -> bytes:
    """A policy file of these weights."""
    state = b"}(" + b"".join(text(name) + value for name, value in weights.items()) + b"u"
    frame = (text("format"), b"K\x01", text("mode"), text("policy"), text("state"), state, text("record"), record)
    return b"\x80\x02}(" + b"".join(frame) + more + b"u" + STOP


def grown() -> dict[str, bytes]:
    """Small, and the work of hours."""
    doubled = b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(40))
    return {
        "a tuple that doubles, as a key": b"\x80\x02}(" + b"K\x00q\x00" + b"0" + doubled + b"K\x01u" + STOP,
        "a tuple that doubles, as a weight": policy({"a": b"K\x00q\x00" + doubled}),
        "a tuple of tuples as a key": policy({}, numbers(numbers(1), 2) + b"K\x01"),
        "16 MiB of empty lists": b"\x80\x02(" + b"]" * 2**24 + b"l" + STOP,
        "16 MiB of empty dicts": b"\x80\x02(" + b"}" * 2**24 + b"t" + STOP,
        "16 MiB of empty tuples": b"\x80\x02(" + b")" * 2**24 + b"t" + STOP,
        "16 MiB of marks": b"\x80\x02" + b"(" * 2**24 + STOP,
        "8 MiB of small numbers": b"\x80\x02(" + b"K\x00" * 2**22 + b"t" + STOP,
        "100 000 tuples deep": policy({"a": b")" + b"\x85" * 100_000}),
        "dicts 50 000 deep": policy({"a": (b"}" + text("a")) * 50_000 + b"K\x00" + b"s" * 50_000}),
        "50 000 tensors of one storage": policy({str(i): tensor() for i in range(50_000)}),
        "20 000 tensors of no numbers": policy({str(i): tensor(shape=numbers(0)) for i in range(20_000)}),
        "one tensor, often": policy({"a": tensor() + b"q\x09", **{str(i): b"h\x09" for i in range(100_000)}}),
        "a text of 20 MB": policy({"a" * 20_000_000: tensor()}),
        "a record of 20 MB": policy({"a": tensor()}, record=text('{"a": "' + "a" * 20_000_000 + '"}')),
        "a record of two million dicts": policy({"a": tensor()}, record=text("[" + "{}," * 2_000_000 + "{}]")),
        "a record of five million numbers": policy({"a": tensor()}, record=text("[" + "1," * 5_000_000 + "1]")),
        "a record 200 lists deep": policy({"a": tensor()}, record=text('{"a": ' + "[" * 200 + "]" * 200 + "}")),
        "a record with a lone surrogate as a key": policy({"a": tensor()}, record=text('{"\\ud800": 1}')),
    }


def stretched() -> dict[str, bytes]:
    """Tensors that show what their storage does not hold."""
    odd: dict[str, dict[str, Any]] = {
        "shown a billion times": {"shape": numbers(2**30), "strides": numbers(0)},
        "a dimension of 2^62": {"shape": numbers(2**62)},
        "dimensions that multiply to 2^64": {"shape": numbers(2**32, 2**32), "strides": numbers(0, 0)},
        "a negative dimension": {"shape": numbers(-2)},
        "two negative dimensions": {"shape": numbers(-1, -2), "strides": numbers(1, 1)},
        "a dimension of 2 000 bits": {"shape": numbers(2**2000)},
        "a thousand dimensions": {"shape": numbers(*[1] * 1000), "strides": numbers(*[1] * 1000)},
        "a stride beyond": {"strides": numbers(2**40)},
        "a negative stride": {"strides": numbers(-1)},
        "no stride": {"strides": numbers()},
        "strides that are a number": {"strides": whole(1)},
        "a shape of texts": {"shape": numbers(text("2"))},
        "a shape of fractions": {"shape": numbers(b"G\x40\x00\x00\x00\x00\x00\x00\x00")},
        "an offset beyond": {"offset": 2},
        "a negative offset": {"offset": -1},
        "an offset of 2^62": {"offset": 2**62},
        "an offset that is a text": {"offset": text("0")},
        "a storage of more": {"stored": storage(size=2**40)},
        "a storage of less": {"stored": storage(size=1)},
        "a storage of a negative size": {"stored": storage(size=-2)},
        "a storage that is not there": {"stored": storage(text("77"))},
        "a storage above": {"stored": storage(text("../data.pkl"))},
        "a storage by a number": {"stored": storage(whole(0))},
        "a storage of no device": {"stored": storage(place=text("meta"))},
        "a storage of cuda": {"stored": storage(place=text("cuda:0"))},
        "a storage of a device that is none": {"stored": storage(place=text("planted_module:0"))},
        "a storage of objects": {"stored": storage(kind=b"cbuiltins\nobject\n")},
        "a storage of quantized numbers": {"stored": storage(kind=b"ctorch\nQInt8Storage\n")},
        "a storage of another kind": {"stored": storage(kind=b"ctorch\nDoubleStorage\n")},
        "a storage by a text": {"stored": text("0")},
        "a storage of a persistent text": {"stored": text("planted_module") + b"Q"},
        "hooks": {"rest": b"\x89}(" + text("a") + b"K\x01u"},
        "hooks with items": {"rest": b"\x89ccollections\nOrderedDict\n](]" + text("a") + b"K\x01eeR"},
        "a builder of old": {"name": b"ctorch._utils\n_rebuild_tensor\n"},
        "a builder of parameters": {"name": b"ctorch._utils\n_rebuild_parameter\n"},
        "a builder of sparse tensors": {"name": b"ctorch._utils\n_rebuild_sparse_tensor\n"},
        "a builder of a dtype that is none": {
            "name": b"ctorch._utils\n_rebuild_tensor_v3\n",
            "rest": b"\x89ccollections\nOrderedDict\n)Rctorch\nload\n",
        },
        "a builder of quantized numbers": {
            "name": b"ctorch._utils\n_rebuild_tensor_v3\n",
            "rest": b"\x89ccollections\nOrderedDict\n)Rctorch\nqint8\n",
        },
    }
    return {name: policy({"a": tensor(**options)}) for name, options in odd.items()}


def framed() -> dict[str, bytes]:
    """Pickles that begin, end or go on as none of torch does."""
    good = policy({"a": tensor()})
    return {
        "a frame of 2^63": b"\x80\x04\x95" + struct.pack("<Q", 2**63) + good[2:],
        "a frame of 2^40": b"\x80\x04\x95" + struct.pack("<Q", 2**40) + good[2:],
        "no end": good[:-1],
        "two ends": good + STOP,
        "a pickle behind": good + good,
        "nothing": b"",
        "an end alone": STOP,
        "a memo of nothing": policy({"a": b"h\x63"}),
        "a memo at 2^31": policy({"a": b"K\x01r\xff\xff\xff\x7f"}),
        "a value without key": b"\x80\x02}(" + text("a") + b"u" + STOP,
        "a dict that is none": b"\x80\x02K\x01" + text("a") + b"K\x01s" + STOP,
        "an append to a dict": b"\x80\x02}K\x01a" + STOP,
        "a state for a dict": b"\x80\x02}}b" + STOP,
        "a state for a tensor": policy({"a": tensor() + b"}b"}),
        "keys that are numbers": policy({}, b"K\x01K\x01"),
        "a name of two lines": b"\x80\x02cos\nsystem\n" + STOP,
        "a name in Unicode": b"\x80\x02c\xc3\xa4\nx\n" + STOP,
        "another protocol": b"\x80\x05" + good[2:],
        "a set": policy({}, text("b") + b"\x8f"),
        "bytes": policy({}, text("b") + b"C\x01x"),
        "a fraction": policy({}, text("b") + b"G\x40\x00\x00\x00\x00\x00\x00\x00"),
        "nothing as a weight": policy({"a": b"N"}),
    }


def strange_pickles() -> dict[str, bytes]:
    """All of them."""
    return {**grown(), **{f"a tensor with {name}": each for name, each in stretched().items()}, **framed()}
