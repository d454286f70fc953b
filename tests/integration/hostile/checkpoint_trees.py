"""Trees of state with parts replaced, by their keys or at every place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from checkpoint_layout import Edit, Spoil, sign, state_of
from checkpoint_tensors import header_of, with_header

VALUES: tuple[Any, ...] = (None, True, -1, 2**70, 1e308, "x", ["float", "nan"], ["list"], ["dict"], ["object", "fields", ["dict"]])
"""What is put in the place of a value; lists are parts of a tree as encoding.py writes them."""


def with_tree(whole: bytes, edit: Edit) -> bytes:
    """The state with another tree beside the same tensors."""

    def with_other(header: Any) -> Any:
        tree = edit(json.loads(header["__metadata__"]["state"]))
        return {**header, "__metadata__": {"format": "1", "state": json.dumps(tree)}}

    return with_header(whole, with_other)


def at(tree: Any, *keys: Any) -> Any:
    """The part of a tree below keys of dicts and indices of lists; kinds of objects are looked through."""
    for key in keys:
        while tree[0] == "object":
            tree = tree[2]
        tree = next(pair[1] for pair in tree[1:] if pair[0] == key) if tree[0] == "dict" else tree[1 + key]
    while isinstance(tree, list) and tree[0] == "object":
        tree = tree[2]
    return tree


def edited(*keys: Any, edit: Edit) -> Edit:
    """The tree with the part below keys changed, in place or by another content of its list."""

    def with_other(tree: Any) -> Any:
        part = at(tree, *keys)
        part[:] = edit(deepcopy(part))
        return tree

    return with_other


def put(*keys: Any, **values: Any) -> Edit:
    """The tree with other values in the dict below keys."""
    return edited(
        *keys,
        edit=lambda part: [
            "dict",
            *([k, values.get(k, v)] for k, v in part[1:]),
            *([k, v] for k, v in values.items() if k not in dict(part[1:])),
        ],
    )


def strange_values(directory: Path) -> Iterator[tuple[str, Spoil]]:
    """The state with one value of its tree replaced, for every place and value."""
    _, header = header_of(state_of(directory).read_bytes())
    for path in _paths(json.loads(header["__metadata__"]["state"])):
        for value in VALUES:
            yield f"{value!r} at {path}"[:80], partial(sign, edit=partial(with_tree, edit=partial(_put, path=path, value=value)))


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
