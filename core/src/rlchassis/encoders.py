"""Encoders: from observations of any supported space to vectors of the type that networks are made of. They learn nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.functional import one_hot

from rlchassis.errors import UsageError
from rlchassis.experience import Observation


class VectorEncoder(nn.Module):
    """Flat floating observations: nothing to do but drop the dimensions beyond the first."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.output_dim = size

    def forward(self, obs: Tensor) -> Tensor:
        """[B, …] → [B, D]."""
        vectors = obs if obs.dim() == 2 else obs.reshape(len(obs), -1)
        return vectors.to(torch.get_default_dtype())


class ImageEncoder(VectorEncoder):
    """Images of bytes, scaled to [0, 1] and flattened."""

    def forward(self, obs: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H·W·C]."""
        return obs.flatten(1).to(torch.get_default_dtype()).mul_(1 / 255)


class OneHotEncoder(nn.Module):
    """One or several discrete values, each counted from its own start, as one-hot vectors side by side."""

    def __init__(self, sizes: Sequence[int], starts: Sequence[int]) -> None:
        super().__init__()
        self.sizes, self.starts = tuple(sizes), tuple(starts)
        self.output_dim = sum(self.sizes)

    def forward(self, obs: Tensor) -> Tensor:
        """[B] or [B, K] → [B, ΣK]."""
        columns = obs.reshape(obs.shape[0], len(self.sizes)).long().unbind(-1)
        described = zip(columns, self.sizes, self.starts, strict=True)
        return torch.cat([one_hot(column - start, size) for column, size, start in described], -1).to(torch.get_default_dtype())


class DictEncoder(nn.Module):
    """Encodes each part of a dict and puts the results side by side, in the order of the space's keys."""

    def __init__(self, parts: dict[str, nn.Module]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        self.parts = nn.ModuleList(parts.values())  # a list: a key of a space may hold characters that a module name may not
        self.output_dim = sum(width_of(part) for part in parts.values())

    def forward(self, obs: dict[str, Observation]) -> Tensor:
        """{key: [B, …]} → [B, D]."""
        return torch.cat([part(obs[key]) for key, part in zip(self.keys, self.parts, strict=True)], -1)


def encoder_for(space: spaces.Space[Any]) -> nn.Module:
    """The encoder that turns observations of a space into vectors [B, output_dim]."""
    match space:
        case spaces.Dict():
            return DictEncoder({key: encoder_for(part) for key, part in space.spaces.items()})
        case spaces.Discrete():
            return OneHotEncoder([int(space.n)], [int(space.start)])
        case spaces.MultiDiscrete():
            return OneHotEncoder(space.nvec.flatten().tolist(), space.start.flatten().tolist())
        case spaces.Box() if space.dtype == "uint8" and len(space.shape) > 1:
            return ImageEncoder(math.prod(space.shape))
        case _:
            return VectorEncoder(math.prod(space.shape or ()))


def width_of(module: nn.Module) -> int:
    """How many features a module puts out, as it says itself; UsageError where it does not."""
    width: Any = getattr(module, "output_dim", None)
    if not hasattr(width, "__index__"):
        raise UsageError(f"{type(module).__name__} is to give features but does not say how many; let it tell their number as output_dim.")
    return int(width)
