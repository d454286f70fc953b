"""Frames: area interpolation to another size, and stacks of the newest."""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


@lru_cache
def area_weights(source: int, target: int) -> NDArray[np.float32]:
    """Weights [target, source] of area interpolation: element i is the mean of the source from i·s to (i + 1)·s, s = source / target."""
    edges = np.linspace(0, source, target + 1)
    at = np.arange(source)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    weights: NDArray[np.float32] = (np.maximum(overlap, 0) * target / source).astype(np.float32)
    weights.setflags(write=False)
    return weights


def resized(frame: Frame, size: int) -> Frame:
    """A frame [H, W] or [H, W, C] in [size, size], by area interpolation, rounded to whole numbers.

    The weights repeat in gcd(H, size) blocks of rows and gcd(W, size) blocks of columns, so each block is a small product.
    """
    if frame.ndim == 3:
        return np.stack([resized(frame[..., channel], size) for channel in range(frame.shape[2])], -1)
    height, width = frame.shape
    across, along = gcd(height, size), gcd(width, size)
    shorter = area_weights(height // across, size // across) @ frame.reshape(across, -1, width).astype(np.float32)
    scaled = shorter.reshape(size * along, -1) @ area_weights(width // along, size // along).T
    scaled += 0.5
    return scaled.astype(np.uint8).reshape(size, size)


@define(eq=False)
class Stack:
    """The newest frames, oldest first; at the beginning of an episode its first frame, repeated."""

    count: int
    frames: Any = field(init=False, default=None)
    """[count, …], an array of its own after each frame."""

    def begin(self, frame: Frame) -> Frame:
        """The stack of a first frame."""
        self.frames = np.repeat(frame[None], self.count, 0)
        return self.frames  # type: ignore[no-any-return]  # attrs knows it as anything, since there is none before

    def push(self, frame: Frame) -> Frame:
        """The stack with another frame in place of the oldest."""
        self.frames = np.concatenate([self.frames[1:], frame[None]])
        return self.frames  # type: ignore[no-any-return]  # likewise
