"""Image observations: detection of their layout, and the CNN that encodes them."""

from __future__ import annotations

import math

import torch
from attrs import frozen
from gymnasium import spaces
from torch import Tensor, nn

CHANNELS = (1, 3, 4)
"""Sizes that identify the channel axis: grayscale, RGB, and RGBA or four stacked grayscale frames."""
LARGE = 36
"""Minimum size in pixels of the shorter side for the CNN of the DQN paper."""
LARGEST_MAP = 144
"""Maximum pixels of the last feature map: larger images get further convolutions."""
NATURE = ((32, 8, 4, 0), (64, 4, 2, 0), (64, 3, 1, 0))
"""Channels, kernel, stride and padding of each convolution (Mnih et al. 2015, methods)."""
SMALL = ((32, 3, 1, 1), (64, 3, 2, 1), (64, 3, 2, 1))
FURTHER = (64, 3, 2, 1)


@frozen
class ImageLayout:
    """Layout of an image space: its axes of height, width and channels."""

    frames: int
    """Number of frames stacked along the first of four axes; 1 where there are three axes."""
    height: int
    width: int
    channels: int
    """Number of channels per frame."""
    channels_first: bool

    def channels_of(self, obs: Tensor) -> Tensor:
        """Channels of all frames, from 0 to 1, [B, N · C, H, W], of images [B, H, W, C], [B, C, H, W] or stacks of either [B, N, …]."""
        sides = self.height, self.width
        shape = (self.channels, *sides) if self.channels_first else (*sides, self.channels)
        images = obs.to(torch.get_default_dtype()).mul(1 / 255)
        frames = images.reshape(len(obs), self.frames, *shape)
        if not self.channels_first:
            frames = frames.movedim(-1, 2)
        return frames.flatten(1, 2)

    def __str__(self) -> str:
        """For the log."""
        stacked = f"{self.frames} frames of " if self.frames > 1 else ""
        shape = f"{self.height}x{self.width}x{self.channels}"
        return f"{stacked}{shape} (channels {'first' if self.channels_first else 'last'})"


def image_layout(space: spaces.Box) -> ImageLayout | None:
    """Layout of an image space: uint8 from 0 to 255 in [H, W, C] or [C, H, W], stacks of these, or large [H, W]; None for other spaces.

    The channel axis is the first or last one of size 1, 3 or 4; where both or neither are, the shorter, and of equal ones the last.
    """
    if space.dtype != "uint8" or not space.shape or (space.low != 0).any() or (space.high != 255).any() or 0 in space.shape:
        return None
    if len(space.shape) == 2:
        height, width = space.shape
        return ImageLayout(1, height, width, 1, channels_first=True) if min(height, width) >= LARGE else None
    if len(space.shape) not in (3, 4):
        return None
    frames = space.shape[0] if len(space.shape) == 4 else 1
    first, middle, last = space.shape[-3:]
    if _channels_first(first, last):
        return ImageLayout(frames, middle, last, first, channels_first=True)
    return ImageLayout(frames, first, middle, last, channels_first=False)


def _channels_first(first: int, last: int) -> bool:
    if (first in CHANNELS) != (last in CHANNELS):
        return first in CHANNELS
    return first < last


class CNN(nn.Module):
    """CNN from uint8 images to features: convolutions and a linear layer, a ReLU after each.

    The convolutions are those of the DQN paper where the shorter side has 36 pixels or more, smaller ones otherwise.
    """

    def __init__(self, layout: ImageLayout) -> None:
        super().__init__()
        self.layout = layout
        is_large = min(layout.height, layout.width) >= LARGE
        self.output_dim = 512 if is_large else 256
        layers: list[nn.Module] = []
        channels, size = layout.frames * layout.channels, (layout.height, layout.width)
        waiting = list(NATURE if is_large else SMALL)
        while waiting or math.prod(size) > LARGEST_MAP:
            out, kernel, stride, padding = waiting.pop(0) if waiting else FURTHER
            layers += [nn.Conv2d(channels, out, kernel, stride, padding), nn.ReLU()]
            channels = out
            size = tuple((n + 2 * padding - kernel) // stride + 1 for n in size)  # type: ignore[assignment]  # of two
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * math.prod(size), self.output_dim), nn.ReLU())

    def forward(self, obs: Tensor) -> Tensor:
        """[B, H, W, C], [B, C, H, W] or a stack of either [B, N, …] → [B, D]."""
        return self.layers(self.layout.channels_of(obs))  # type: ignore[no-any-return]  # a module's return type is Any

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"CNN {self.layout} → {self.output_dim}"
