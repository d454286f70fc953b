"""Trees of numpy arrays: one array, or nested dicts of arrays for Dict spaces; all leaves share their leading dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def map_arrays(function: Callable[..., Any], tree: Any) -> Any:
    """Apply a function to every array of a tree."""
    if isinstance(tree, dict):
        return {key: map_arrays(function, part) for key, part in tree.items()}
    return function(tree)


def empty_rows(like: Any, *leading: int) -> Any:
    """Arrays [*leading, …] of zeros for rows like those of [N, …]; float64 becomes float32."""
    return map_arrays(lambda part: np.zeros((*leading, *part.shape[1:]), np.float32 if part.dtype == np.float64 else part.dtype), like)


def num_bytes(tree: Any) -> int:
    """Total size of all arrays in bytes."""
    return sum(num_bytes(part) for part in tree.values()) if isinstance(tree, dict) else int(tree.nbytes)


def write(tree: Any, index: Any, new: Any) -> None:
    """Assign new values at an index of every array."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            write(part, index, new[key])
    else:
        tree[index] = new


def write_one(tree: Any, index: int, new: Any) -> None:
    """Assign one row [1, …] at an integer index of every array; several times faster than with a slice of length one."""
    if type(tree) is dict:  # quicker to ask of an array than isinstance, and what empty_rows makes
        for key, part in tree.items():
            write_one(part, index, new[key])
    elif tree.ndim > 1:
        tree[index] = new
    else:
        tree[index] = new.item()


def pick(tree: Any, index: Any) -> Any:
    """Index every array."""
    return map_arrays(lambda part: part[index], tree)


def take(tree: Any, rows: Any) -> Any:
    """Copy rows of every array; faster than fancy indexing."""
    return {key: take(part, rows) for key, part in tree.items()} if isinstance(tree, dict) else tree.take(rows, 0)
