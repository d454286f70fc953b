"""Parts of Dict and Tuple spaces, and the layout of structured actions as one tensor row per environment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Self

from attrs import frozen
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple

ACTION_MASK, OBSERVATION = "action_mask", "observation"
"""Keys of observations with an action mask, and of the rest where that is one part."""


def parts_of(space: Space[Any]) -> dict[str, Space[Any]] | None:
    """The spaces within a Dict by key, and within a Tuple by position, "0", "1", …; None for any other space."""
    if isinstance(space, Dict):
        return dict(space.spaces)
    return {str(i): part for i, part in enumerate(space.spaces)} if isinstance(space, Tuple) else None


def leaves(space: Space[Any], path: str = "") -> Iterator[tuple[str, Space[Any]]]:
    """Every space inside nested Dicts and Tuples with its path of keys, "camera.left"; any other space is its own leaf, with path ""."""
    parts = parts_of(space)
    if parts is None:
        yield path, space
        return
    for key, inner in parts.items():
        yield from leaves(inner, f"{path}.{key}" if path else key)


@frozen
class ActionLayout:
    """Layout of a policy's actions: an index [N] for a Discrete space, else rows [N, K + D].

    A row has the indices, from 0, of K discrete parts and then D continuous numbers, each in the order of the leaves; it is int64 where
    D is 0, else float32.
    """

    sizes: tuple[int, ...]
    """Number of choices of each discrete part."""
    num_continuous: int
    """Number D of continuous dimensions."""

    @classmethod
    def of(cls, space: Space[Any]) -> Self:
        """Layout of the actions of a supported space."""
        sizes: list[int] = []
        num_continuous = 0
        for _, leaf in leaves(space):
            sizes += sizes_of(leaf)
            num_continuous += math.prod(leaf.shape) if isinstance(leaf, Box) else 0
        return cls(tuple(sizes), num_continuous)

    @property
    def is_discrete(self) -> bool:
        """Whether there are discrete parts alone."""
        return bool(self.sizes) and self.num_continuous == 0

    @property
    def joint_size(self) -> int:
        """Number of joint choices of all discrete parts."""
        return math.prod(self.sizes)


def sizes_of(leaf: Space[Any]) -> list[int]:
    """Number of choices of each element of a Discrete, MultiDiscrete or MultiBinary space; none for others."""
    if isinstance(leaf, Discrete):
        return [int(leaf.n)]
    if isinstance(leaf, MultiDiscrete):
        return [int(size) for size in leaf.nvec.flatten()]
    return [2] * math.prod(leaf.shape) if isinstance(leaf, MultiBinary) else []
