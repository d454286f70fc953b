"""Checkpoints that were damaged, or made to harm and signed again: their files, the tree of state, and single values of it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from rlchassis.storage.checkpoint.manifest import digest_of

Spoil = Callable[[Path], Any]
Edit = Callable[[Any], Any]
STEPS, BEFORE, AFTER = 64, 32, 96
"""Of the newest checkpoint, of the one before it, and to which a run is resumed."""
CHUNK = "0" * 64 + ".chunk"
VALUES: tuple[Any, ...] = (None, True, -1, 2**70, 1e308, "x", ["float", "nan"], ["list"], ["dict"], ["object", "fields", ["dict"]])
"""What is put in the place of a value; lists are parts of a tree as encoding.py writes them."""


class Evil:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def newest(directory: Path) -> Path:
    return directory / f"checkpoints/ckpt-{STEPS}"


def state_of(directory: Path) -> Path:
    return newest(directory) / "state.safetensors"


def a_chunk(directory: Path) -> Path:
    """One that both checkpoints use is damaged in both; this one is the newest's alone."""
    names = [set(json.loads((directory / f"checkpoints/ckpt-{step}/manifest.json").read_text())["chunks"]) for step in (STEPS, BEFORE)]
    return directory / "checkpoints/chunks" / min(names[0] - names[1])


FILES: dict[str, Callable[[Path], Path]] = {"state": state_of, "manifest": lambda d: newest(d) / "manifest.json", "chunk": a_chunk}


def chunks(command: str, other: Path) -> Iterator[tuple[str, Spoil]]:
    """What becomes of the chunks of large arrays."""
    yield from _files(command, other, "chunk")
    yield "two chunks that changed places", _swapped_chunks


def gone(directory: Path) -> None:
    """Leave no chunk."""
    shutil.rmtree(directory / "checkpoints/chunks")


def damaged(command: str, other: Path) -> Iterator[tuple[str, Spoil]]:
    """What a disk, a copy or a stranger makes of the files of the newest checkpoint, without a new signature."""
    yield from _files(command, other, "state", "manifest")
    yield "the state of the checkpoint before", lambda d: shutil.copy(d / f"checkpoints/ckpt-{BEFORE}/state.safetensors", state_of(d))
    yield "the manifest of the checkpoint before", lambda d: shutil.copy(d / f"checkpoints/ckpt-{BEFORE}/manifest.json", newest(d))
    yield "a checkpoint of another run", partial(_of_another_run, other)
    yield (
        "the checkpoint before by a later name",
        lambda d: (
            shutil.rmtree(newest(d)),
            shutil.copytree(d / f"checkpoints/ckpt-{BEFORE}", newest(d)),
        ),
    )
    yield "a folder that is a link out", partial(_linked, f"ckpt-{STEPS}", other)
    yield "a folder that is a file", lambda d: (shutil.rmtree(newest(d)), newest(d).write_bytes(b""))
    yield "an empty folder", lambda d: (shutil.rmtree(newest(d)), newest(d).mkdir())
    for name, edit in _manifests().items():
        yield f"a manifest {name}", lambda d, e=edit: rewrite_manifest(d, e)
    for name, text in _texts().items():
        yield f"a manifest {name}", lambda d, t=text: (newest(d) / "manifest.json").write_text(t)


def _files(command: str, other: Path, *names: str) -> Iterator[tuple[str, Spoil]]:
    numbers = random.Random(0)
    for name in names:
        file = FILES[name]
        for share in (0.0, 0.1, 0.5, 0.9, 0.999):
            yield f"{name} cut to {share:.1%}", partial(_rewrite, file, lambda whole, s=share: whole[: int(len(whole) * s)])
        for share in [numbers.random() for _ in range(8)]:
            yield f"{name} with another bit at {share:.3%}", partial(_rewrite, file, partial(_flipped, share=share))
        yield f"{name} with more behind", partial(_rewrite, file, lambda whole: whole + b"\0")
        yield f"{name} that is a pickle", partial(_rewrite, file, lambda _: pickle.dumps(Evil(command)))
        yield f"{name} of noise", partial(_rewrite, file, lambda whole: random.Random(1).randbytes(len(whole)))
        yield f"{name} of 8 GiB of nothing", partial(_sparse, file)
        for kind, put in _things(other).items():
            yield f"{name} that is {kind}", partial(_instead, file, put)


def hopeless(other: Path) -> Iterator[tuple[str, Spoil]]:
    """Where there is no checkpoint before that could be used instead."""
    yield "chunks that are a link out", partial(_linked, "chunks", other)
    yield (
        "checkpoints that are a link out",
        lambda d: (shutil.rmtree(d / "checkpoints"), (d / "checkpoints").symlink_to(other / "checkpoints")),
    )
    yield "checkpoints that are a file", lambda d: (shutil.rmtree(d / "checkpoints"), (d / "checkpoints").write_bytes(b""))
    yield "experiment.json of another run", lambda d: shutil.copy(other / "experiment.json", d / "experiment.json")
    yield (
        "all checkpoints of another run",
        lambda d: (
            shutil.rmtree(d / "checkpoints"),
            shutil.copytree(other / "checkpoints", d / "checkpoints"),
        ),
    )


def signed(command: str) -> Iterator[tuple[str, Spoil]]:
    """States whose manifest has the right digest, as only who means it makes them."""
    yield "a pickle", partial(sign, edit=lambda _: pickle.dumps(Evil(command)))
    for name, edit in _containers().items():
        yield name, partial(sign, edit=edit)
    for name, edit in _headers(command).items():
        yield name, partial(sign, edit=partial(_with_header, edit=edit))
    for name, edit in _trees().items():
        yield name, partial(sign, edit=partial(with_tree, edit=edit))


def strange_values(directory: Path) -> Iterator[tuple[str, Spoil]]:
    """The state with one value of its tree replaced, for every place and value."""
    _, header = _header_of(state_of(directory).read_bytes())
    for path in _paths(json.loads(header["__metadata__"]["state"])):
        for value in VALUES:
            yield f"{value!r} at {path}"[:80], partial(sign, edit=partial(with_tree, edit=partial(_put, path=path, value=value)))


def sign(directory: Path, edit: Callable[[bytes], bytes]) -> None:
    """Replace the newest state, and write a manifest that fits."""
    content = edit(state_of(directory).read_bytes())
    state_of(directory).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    rewrite_manifest(directory, lambda data: {**data, "files": {"state.safetensors": facts}})


def rewrite_manifest(directory: Path, edit: Edit) -> None:
    """Replace the manifest by one with another content and its digest."""
    path = newest(directory) / "manifest.json"
    data = json.loads(path.read_text("utf-8"))
    edited = edit({name: value for name, value in data.items() if name != "sha256"})
    if isinstance(edited, dict) and "sha256" not in edited:
        edited = {**edited, "sha256": digest_of(edited)}
    path.write_text(json.dumps(edited), "utf-8")


def with_tree(whole: bytes, edit: Edit) -> bytes:
    """The state with another tree beside the same tensors."""

    def edited(header: Any) -> Any:
        tree = edit(json.loads(header["__metadata__"]["state"]))
        return {**header, "__metadata__": {"format": "1", "state": json.dumps(tree)}}

    return _with_header(whole, edited)


def at(tree: Any, *keys: Any) -> Any:
    """The part of a tree below keys of dicts and indices of lists; kinds of objects are looked through."""
    for key in keys:
        while tree[0] == "object":
            tree = tree[2]
        tree = next(pair[1] for pair in tree[1:] if pair[0] == key) if tree[0] == "dict" else tree[1 + key]
    while isinstance(tree, list) and tree[0] == "object":
        tree = tree[2]
    return tree


def _rewrite(file: Callable[[Path], Path], edit: Callable[[bytes], bytes], directory: Path) -> None:
    path = file(directory)
    path.write_bytes(edit(path.read_bytes()))


def _flipped(whole: bytes, share: float) -> bytes:
    place = int(share * len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]


def _sparse(file: Callable[[Path], Path], directory: Path) -> None:
    with file(directory).open("wb") as opened:
        opened.truncate(2**33)


def _things(other: Path) -> dict[str, Spoil]:
    return {
        "missing": lambda path: None,
        "a pipe": os.mkfifo,
        "a folder": Path.mkdir,
        "a link to a device": lambda path: path.symlink_to("/dev/zero"),
        "a link out": lambda path: path.symlink_to(next(other.glob(f"checkpoints/*/{path.name}"), other / "experiment.json")),
        "a link to itself": lambda path: path.symlink_to(path.name),
    }


def _instead(file: Callable[[Path], Path], put: Spoil, directory: Path) -> None:
    path = file(directory)
    path.unlink()
    put(path)


def _linked(name: str, other: Path, directory: Path) -> None:
    path = directory / "checkpoints" / name
    shutil.rmtree(path)
    path.symlink_to(other / "checkpoints" / name)


def _of_another_run(other: Path, directory: Path) -> None:
    shutil.rmtree(newest(directory))
    shutil.copytree(newest(other), newest(directory))
    shutil.copytree(other / "checkpoints/chunks", directory / "checkpoints/chunks", dirs_exist_ok=True)


def _swapped_chunks(directory: Path) -> None:
    mine, theirs = a_chunk(directory), directory / "checkpoints/chunks" / "beside"
    another = next(path for path in sorted(mine.parent.iterdir()) if path != mine and path.read_bytes() != mine.read_bytes())
    mine.rename(theirs)
    shutil.copy(another, mine)
    theirs.unlink()


def _manifests() -> dict[str, Edit]:
    def record(**changes: Any) -> Edit:
        return lambda data: {**data, "record": {**data["record"], **changes}}

    def file(**changes: Any) -> Edit:
        return lambda data: {**data, "files": {"state.safetensors": {**data["files"]["state.safetensors"], **changes}}}

    def without(name: str) -> Edit:
        return lambda data: {key: value for key, value in data.items() if key != name}

    return {
        "that is a list": lambda data: [data],
        "of another format": lambda data: {**data, "format": 2},
        "of the format true": lambda data: {**data, "format": True},
        "of another step": lambda data: {**data, "step": STEPS + 1},
        "of a step below 0": lambda data: {**data, "step": -STEPS},
        "of a step of 4 000 digits": lambda data: {**data, "step": 10**4000},
        "of a step that is a text": lambda data: {**data, "step": str(STEPS)},
        "of a file elsewhere": lambda data: {**data, "files": {"../../../victim": data["files"]["state.safetensors"]}},
        "of a negative size": file(size=-1),
        "of a size of 2^70": file(size=2**70),
        "of another digest": file(sha256="0" * 64),
        "of a digest that is a list": file(sha256=[]),
        "of a digest in capitals": lambda data: file(sha256=data["files"]["state.safetensors"]["sha256"].upper())(data),
        "with a wrong digest of its own": lambda data: {**data, "sha256": "0" * 64},
        "with a chunk elsewhere": lambda data: {**data, "chunks": ["../../../victim"]},
        "with a chunk by an absolute name": lambda data: {**data, "chunks": ["/etc/passwd"]},
        "with a chunk of another suffix": lambda data: {**data, "chunks": ["manifest.json"]},
        "with a chunk that is a number": lambda data: {**data, "chunks": [1]},
        "with a chunk that is missing": lambda data: {**data, "chunks": [CHUNK]},
        "with 100 000 chunks": lambda data: {**data, "chunks": [CHUNK] * 100_000},
        "with a chunk with a zero byte": lambda data: {**data, "chunks": ["\0.chunk"]},
        "with chunks that are a text": lambda data: {**data, "chunks": CHUNK},
        "without record": without("record"),
        "without files": without("files"),
        "without chunks": without("chunks"),
        "with a record that is a list": lambda data: {**data, "record": []},
        "of another configuration": record(configuration="0" * 64),
        "of no configuration": record(configuration=None),
    }


def _texts() -> dict[str, str]:
    return {
        "of nothing": "",
        "that is null": "null",
        "of lists 100 000 deep": "[" * 100_000,
        "of dicts 500 deep": '{"a":' * 500 + "1" + "}" * 500,
        "with NaN": '{"format": NaN}',
        "with 1e999": '{"format": 1, "step": 1e999}',
        "with a key twice": '{"format": 1, "format": 1}',
        "of a number of 100 000 digits": '{"format": ' + "9" * 100_000 + "}",
        "of a million empty dicts": "[" + "{}," * 1_000_000 + "{}]",
        "of 17 MiB": " " * 17 * 2**20,
        "with a lone surrogate": '{"format": 1, "\\ud800": 1}',
    }


def _header_of(whole: bytes) -> tuple[int, Any]:
    size = struct.unpack("<Q", whole[:8])[0]
    return 8 + size, json.loads(whole[8 : 8 + size])


def _with_header(whole: bytes, edit: Edit) -> bytes:
    end, header = _header_of(whole)
    edited = edit(header)
    text = edited if isinstance(edited, bytes) else json.dumps(edited).encode()
    return struct.pack("<Q", len(text)) + text + whole[end:]


def _containers() -> dict[str, Callable[[bytes], bytes]]:
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


def _headers(command: str) -> dict[str, Edit]:
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


def _edited(*keys: Any, edit: Edit) -> Edit:
    """The tree with the part below keys changed, in place or by another content of its list."""

    def edited(tree: Any) -> Any:
        part = at(tree, *keys)
        part[:] = edit(deepcopy(part))
        return tree

    return edited


def _with(tree: Any, key: str, value: Any) -> Any:
    return ["dict", *(pair for pair in tree[1:] if pair[0] != key), [key, value]]


def _trees() -> dict[str, Edit]:
    def put(*keys: Any, **values: Any) -> Edit:
        return _edited(
            *keys,
            edit=lambda part: [
                "dict",
                *([k, values.get(k, v)] for k, v in part[1:]),
                *([k, v] for k, v in values.items() if k not in dict(part[1:])),
            ],
        )

    def generator(**values: Any) -> Any:
        return ["object", "numpy generator", ["dict", *([name, value] for name, value in values.items())]]

    words = ["list", *[0] * 624]
    beyond = ["dict", ["key", words], ["pos", 10**8]]
    chunks = ["chunks", "float32", [2**20]]
    return {
        "a tree that is a number": lambda tree: 1,
        "a tree that is a list": lambda tree: ["list", tree],
        "a tree of nothing": lambda tree: ["dict"],
        "an unknown part": put(learner=["call", "os.system", "true"]),
        "an unknown kind of object": put(learner=["object", "os.system", "true"]),
        "a tensor that is not there": put(learner=["tensor", "none"]),
        "a dict with a list for a key": lambda tree: ["dict", [["a"], 1], *tree[1:]],
        "an array of objects": put(buffer=["chunks", "object", [1], CHUNK]),
        "an array of dates": put(buffer=["chunks", "datetime64", [1], CHUNK]),
        "an array of texts": put(buffer=["chunks", "str128", [1], CHUNK]),
        "a chunk elsewhere": put(buffer=[*chunks, "../../../victim"]),
        "a chunk that is missing": put(buffer=[*chunks, CHUNK]),
        "a chunk that is a number": put(buffer=[*chunks, 1]),
        "an array of no chunks": put(buffer=["chunks", "float32", [2**40]]),
        "an array of negative shape": put(buffer=["chunks", "float32", [-1, -(2**20)], CHUNK]),
        "an array of a shape of halves": put(buffer=["chunks", "float32", [0.5], CHUNK]),
        "an array of a shape of truths": put(buffer=["chunks", "float32", [True], CHUNK]),
        "an array of 2^60 numbers in one chunk": put(buffer=["chunks", "float32", [2**60], CHUNK]),
        "an array of 2^37 bytes in chunks": put(buffer=["chunks", "int8", [2**37], *[CHUNK] * 2**15]),
        "a shape of 100 000 dimensions": put(buffer=["chunks", "int8", [1] * 100_000, CHUNK]),
        "no policy": lambda tree: ["dict", *(pair for pair in tree[1:] if pair[0] != "policy")],
        "a policy that is a number": put(policy=1),
        "a policy of no weights": put("policy", state=["dict"]),
        "a policy of another kind": put(policy=["object", "python generator", ["list"]]),
        "a policy with a tensor more": _edited("policy", "state", edit=lambda part: _with(part, "more", ["tensor", "0"])),
        "weights of another shape": _all_weights(["array", "0"]),
        "weights that are texts": _all_weights("x"),
        "an attribute that all objects have": put("policy", attributes=["dict", ["__class__", 1]]),
        "an attribute of a class": put("policy", attributes=["dict", ["__class__.forward", 1]]),
        "an attribute of a function": put("policy", attributes=["dict", ["forward.__globals__.x", 1]]),
        "attributes of torch itself": put("policy", attributes=["dict", ["_parameters", ["dict"]]]),
        "an attribute of a network that is not there": put("policy", attributes=["dict", ["nobody.x", 1]]),
        "optimizers that are a number": put(optimizers=1),
        "no optimizers": put(optimizers=["list"]),
        "a generator beyond its words": put(sampler=generator(bit_generator="MT19937", state=beyond)),
        "the generator of numpy beyond its words": _edited("global generators", "numpy", edit=lambda part: [*part[:3], 10**8, *part[4:]]),
        "the generator of numpy before its words": _edited("global generators", "numpy", edit=lambda part: [*part[:3], -5, *part[4:]]),
        "the generator of Python beyond its words": put("global generators", python=["tuple", 3, ["tuple", *[0] * 624, 10**8], None]),
        "generators of nothing": put(**{"global generators": ["dict"]}),
        "a step before the checkpoint": put("training", env_step=BEFORE),
        "a step below 0": put("training", env_step=-STEPS),
        "a step that is a text": put("training", env_step=str(STEPS)),
        "a step that is true": put("training", env_step=True),
        "schedules of no length": put("training", schedule=["tuple", 5, 5]),
        "schedules that end before they begin": put("training", schedule=["tuple", 50, 5]),
        "schedules of three steps": put("training", schedule=["tuple", 1, 2, 3]),
        "tests that are a number": put("training", tests=1),
        "updates below 0": put("training", updates=-1),
        "environments of nothing": put(environments=None),
        "environments of nobody": put("environments", chunk=["dict"]),
        "a way that nobody knows": _edited(
            "environments", "chunk", "envs", edit=lambda part: ["list", *[["dict", ["way", "os.system"], ["state", 1]]] * 2]
        ),
        "attributes of environments that all objects have": _by_attributes(["dict", ["__class__", 1]]),
        "attributes of environments as a dict of their own": _by_attributes(["dict", ["__dict__", ["dict"]]]),
        "200 000 actions": _replayed(["list", *[0] * 200_000]),
        "actions that are texts": _replayed(["list", "x"]),
        "actions beyond the space": _replayed(["list", 2**62]),
        "a generator of an environment beyond its words": _replayed(["list"], ["dict", ["bit_generator", "MT19937"], ["state", beyond]]),
        "a buffer that is a number": put(buffer=1),
        "a buffer of other rows": _edited(
            "buffer", "_storage", edit=lambda part: [part[0], *([key, ["array", "0"]] for key, _ in part[1:])]
        ),
        "a buffer of nothing": put(buffer=["object", "fields", ["dict"]]),
    }


def _all_weights(value: Any) -> Edit:
    return _edited("policy", "state", edit=lambda part: ["dict", *([key, value] for key, _ in part[1:])])


def _by_attributes(attributes: Any) -> Edit:
    state = ["dict", ["way", "attributes"], ["state", ["list", *[attributes] * 4]]]
    return _edited("environments", "chunk", "envs", edit=lambda part: ["list", *[state] * (len(part) - 1)])


def _replayed(actions: Any, rng: Any = None) -> Edit:
    episode = ["dict", ["seed", None if rng else 1], ["rng", rng], ["actions", actions]]
    state = ["dict", ["way", "replay"], ["state", episode]]
    return _edited("environments", "chunk", "envs", edit=lambda part: ["list", *[state] * (len(part) - 1)])


def _paths(tree: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Indices of every part of an encoded tree, but of names, kinds and keys."""
    yield path
    match tree:
        case ["list" | "tuple", *parts]:
            for index, part in enumerate(parts[:8], start=1):
                yield from _paths(part, (*path, index))
        case ["dict", *pairs]:
            for index, (_, part) in enumerate(pairs, start=1):
                yield from _paths(part, (*path, index, 1))
        case ["object", _, part]:
            yield from _paths(part, (*path, 2))


def _put(tree: Any, path: tuple[int, ...], value: Any) -> Any:
    if not path:
        return value
    part = tree
    for index in path[:-1]:
        part = part[index]
    part[path[-1]] = value
    return tree
