"""Trees of numpy arrays: one array, or a dict of them for Dict spaces; all leaves share their leading dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def map_arrays(function: Callable[..., Any], tree: Any) -> Any:
    """Apply a function to every array of a tree."""
    if isinstance(tree, dict):
        return {key: map_arrays(function, part) for key, part in tree.items()}
    return function(tree)


def room(like: Any, *leading: int) -> Any:
    """Room for rows such as the first of these [N, …], under leading dimensions; doubles become singles."""
    return map_arrays(lambda part: np.empty((*leading, *part.shape[1:]), np.float32 if part.dtype == np.float64 else part.dtype), like)


def num_bytes(tree: Any) -> int:
    """Bytes that all arrays of a tree take."""
    return sum(num_bytes(part) for part in tree.values()) if isinstance(tree, dict) else int(tree.nbytes)


def write(tree: Any, index: Any, new: Any) -> None:
    """Store new values at an index of every array."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            write(part, index, new[key])
    else:
        tree[index] = new


def write_one(tree: Any, index: int, new: Any) -> None:
    """Store new values of one row [1, …] at one place of every array: several times as quick as at a slice of one."""
    if type(tree) is dict:  # quicker to ask of an array than isinstance, and what room makes
        for key, part in tree.items():
            write_one(part, index, new[key])
    elif tree.ndim > 1:
        tree[index] = new
    else:
        tree[index] = new.item()


def pick(tree: Any, index: Any) -> Any:
    """What is at an index of every array."""
    return map_arrays(lambda part: part[index], tree)


def take(tree: Any, rows: Any) -> Any:
    """Copies of the chosen rows of every array; quicker than indexing."""
    return {key: take(part, rows) for key, part in tree.items()} if isinstance(tree, dict) else tree.take(rows, 0)
