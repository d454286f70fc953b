"""Pickles that rlchassis never wrote, each aimed at one way of making a reader run, fill its memory or fall over."""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any

PROTO, STOP, ADMITTED = b"\x80\x04", b".", ("rlchassis.experiment.experiment", "restore_experiment")


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    encoded = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(encoded)]) + encoded


def named(module: str, name: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(name) + b"\x93"


def data(value: Any) -> bytes:
    """The opcodes of plain data alone."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 4)
    pickler.fast = True
    pickler.dump(value)
    content = file.getvalue()[2:-1]
    return content[9:] if content[:1] == b"\x95" else content


def inert(argument: bytes, call: bytes = b"") -> bytes:
    """What rlchassis would write around an argument."""
    return PROTO + (call or named(*ADMITTED)) + argument + b"\x85R" + STOP


def planted(command: str) -> dict[str, bytes]:
    """A command reached by every opcode that calls, makes or looks something up."""
    word, system, run = data(command), named("os", "system"), named("subprocess", "Popen")
    shell = data({"args": command, "shell": True})
    evaluate = data(f"__import__('os').system({command!r})")
    return {
        "GLOBAL and TUPLE1": b"\x80\x02cposix\nsystem\n" + word + b"\x85R" + STOP,
        "STACK_GLOBAL": PROTO + system + word + b"\x85R" + STOP,
        "STACK_GLOBAL with memoized names": PROTO + text("os") + b"\x94" + text("system") + b"\x94\x93\x94" + word + b"\x85R" + STOP,
        "STACK_GLOBAL through dots": inert(evaluate, named(ADMITTED[0], "Experiment.__init__.__builtins__.eval")),
        "STACK_GLOBAL of a builtin as argument": inert(named("builtins", "eval") + evaluate + b"\x85R"),
        "INST": b"(" + word + b"ios\nsystem\n" + STOP,
        "OBJ": b"\x80\x02(csubprocess\nPopen\n" + word + b"o" + STOP,
        "NEWOBJ": PROTO + run + word + b"\x85\x81" + STOP,
        "NEWOBJ_EX": PROTO + run + b")" + shell + b"\x92" + STOP,
        "NEWOBJ_EX within": inert(run + b")" + shell + b"\x92"),
        "EXT1": b"\x80\x02\x82\xf1" + word + b"\x85R" + STOP,
        "EXT2": b"\x80\x02\x83\xf1\xf1" + word + b"\x85R" + STOP,
        "EXT4": b"\x80\x02\x84\xf1\xf1\xf1\x01" + word + b"\x85R" + STOP,
        "EXT1 in the place of the name": inert(word, b"\x82\xf1"),
        "BUILD of a function's code": PROTO + named(*ADMITTED) + b"N" + data({"__code__": 1}) + b"\x86b" + STOP,
        "BUILD after the call": inert(data({}))[:-1] + data({"config": command}) + b"b" + STOP,
        "PERSID": b"P" + command.encode() + b"\n" + STOP,
        "BINPERSID": PROTO + word + b"Q" + STOP,
        "BINPERSID within": inert(word + b"Q"),
        "a call that POP drops": PROTO + system + word + b"\x85R0" + inert(data({"format": 1}))[2:],
        "a call that POP_MARK drops": PROTO + b"(" + system + word + b"\x85R1" + inert(data({"format": 1}))[2:],
        "a call after the end": inert(data({})) + PROTO + system + word + b"\x85R" + STOP,
        "a call before the end": PROTO + system + word + b"\x85R" + STOP + inert(data({})),
        "nested pickles": inert(data(PROTO + system + word + b"\x85R" + STOP)),
        "nested loads": inert(named("pickle", "loads") + data(PROTO + system + word + b"\x85R" + STOP) + b"\x85R"),
        "a reduced key": inert(b"}" + system + word + b"\x85R" + b"Ns"),
        "a chain of getattr": inert(named("builtins", "getattr") + named("os", "path") + text("os") + b"\x86R"),
        "an import": PROTO + named("builtins", "__import__") + text("planted_module") + b"\x85R" + STOP,
        "the name of another function of that module": inert(data({}), named(ADMITTED[0], "from_data")),
        "exec by protocol 0": b"c__builtin__\nexec\n(S'import planted_module'\ntR.",
    }


def swollen() -> dict[str, bytes]:
    """Small files that claim or unfold to much."""
    doubled = b"]\x94" + b"".join(b"]\x94(h" + bytes([i]) + b"h" + bytes([i]) + b"e" for i in range(200))
    return {
        "a memo that doubles 200 times": inert(doubled),
        "LONG_BINGET": inert(b"]r\x00\x00\x00\x00(" + b"j\x00\x00\x00\x00" * 1000 + b"e"),
        "text GET and PUT": inert(b"]p0\n(" + b"g0\n" * 1000 + b"e"),
        "DUP": inert(b"]" + b"2" * 1000 + b"a" * 1000),
        "a list within itself": inert(b"]\x94h\x00a"),
        "BINUNICODE8 of 2^63": inert(b"\x8d" + struct.pack("<Q", 2**63) + b"x"),
        "BINUNICODE of 4 GiB": inert(b"X\xff\xff\xff\xffx"),
        "BINBYTES8 of 2^62": inert(b"\x8e" + struct.pack("<Q", 2**62) + b"x"),
        "BYTEARRAY8 of 2^40": b"\x80\x05" + inert(b"\x96" + struct.pack("<Q", 2**40) + b"x")[2:],
        "LONG4 of 2 GiB": inert(b"\x8b\xff\xff\xff\x7f\x01"),
        "LONG4 of a negative length": inert(b"\x8b\xff\xff\xff\xff\x01"),
        "BINSTRING of a negative length": inert(b"T\xff\xff\xff\xffx"),
        "LONG as a million digits": inert(b"L" + b"9" * 1_000_000 + b"L\n"),
        "LONG_BINPUT at 2^31": inert(b"]r\xff\xff\xff\x7f"),
        "frames within frames": PROTO + b"\x95\x64\x00\x00\x00\x00\x00\x00\x00" * 50 + inert(data({}))[2:],
        "tuples 200 000 deep": inert(b")" + b"\x85" * 200_000),
        "dicts 100 000 deep": inert(b"}" + (text("a") + b"}") * 100_000 + b"s" * 100_000),
        "50 000 marks": inert(b"(" * 50_000 + b"t" * 50_000),
    }


def garbled(good: bytes) -> dict[str, bytes]:
    """Nearly what rlchassis writes."""
    return {
        "nothing but a protocol": PROTO,
        "protocol 255": b"\x80\xff" + good[2:],
        "cut in the middle": good[: len(good) // 2],
        "without its end": good[:-1],
        "without its call": good[:-2] + STOP,
        "two arguments": PROTO + named(*ADMITTED) + b"}}\x86R" + STOP,
        "no argument": PROTO + named(*ADMITTED) + b")R" + STOP,
        "names that are no texts": PROTO + b"K\x01K\x02\x93}\x85R" + STOP,
        "texts that are no UTF-8": inert(b"\x8c\x02\xff\xfe"),
        "another format": inert(data({"format": 2})),
        "a list": inert(data([1])),
        "keys that are no texts": inert(data({"format": 1, 1: 2, None: 3, (1, 2): 4})),
        "keys that cannot be keys": inert(b"}]Ns"),
        "a set": inert(b"\x8f(K\x01\x90"),
        "not a number": inert(data({"format": 1, "config": {"seed": float("nan")}})),
        "an infinity": inert(data({"format": 1, "config": {"watch_render": float("inf")}})),
        "a frame of 2^63": PROTO + b"\x95" + struct.pack("<Q", 2**63) + inert(data({"format": 1}))[2:],
        "an item put into a text": inert(text("a") + text("b") + b"Ns"),
        "an append to a dict": inert(b"}" + text("a") + b"a"),
        "appends to a number": inert(b"K\x01(NNe"),
        "a buffer out of band": b"\x80\x05" + inert(b"\x97")[2:],
        "old text": b"(dp0\nS'format'\nI1\ns.",
        "a gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    }


def pickles(good: bytes, command: str) -> dict[str, bytes]:
    """All of them, by what they are."""
    makers: list[Callable[[], dict[str, bytes]]] = [lambda: planted(command), swollen, lambda: garbled(good)]
    return {name: content for make in makers for name, content in make().items()}
