"""Manifests of checkpoints that say something wrong, with a digest that fits, and texts that are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkpoint_layout import CHUNK, STEPS, Edit, Spoil, newest, rewrite_manifest


def manifests() -> Iterator[tuple[str, Spoil]]:
    """The manifest of the newest checkpoint replaced."""
    for name, edit in _edits().items():
        yield f"a manifest {name}", lambda d, e=edit: rewrite_manifest(d, e)
    for name, text in _texts().items():
        yield f"a manifest {name}", lambda d, t=text: (newest(d) / "manifest.json").write_text(t)


def _edits() -> dict[str, Edit]:
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
