"""Encoders from observations of any supported space to float vectors. Only image encoders have parameters."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.functional import one_hot

from rlchassis.api import Observation, UsageError
from rlchassis_toolkit.networks.images import CNN, ImageLayout, image_layout

log = logging.getLogger(__name__)
LARGEST_SCALED = 2**16
"""Largest integer bound used for scaling; larger bounds count as unbounded."""


class VectorEncoder(nn.Module):
    """Encoder of Box observations: values unchanged, flattened."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.output_dim = size

    def forward(self, obs: Tensor) -> Tensor:
        """[B, …] → [B, D]."""
        vectors = obs if obs.dim() == 2 else obs.reshape(len(obs), -1)
        return vectors.to(torch.get_default_dtype())

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"vector of {self.output_dim}"


class ScaledEncoder(nn.Module):
    """Encoder of bounded integers: values divided by the largest magnitude of their bounds, flattened, in [0, 1] or [−1, 1]."""

    divisors: Tensor

    def __init__(self, largest: Sequence[float]) -> None:
        super().__init__()
        self.output_dim = len(largest)
        self.same = largest[0] if len(set(largest)) == 1 else None
        self.register_buffer("divisors", torch.tensor(largest, dtype=torch.get_default_dtype()), persistent=False)

    def forward(self, obs: Tensor) -> Tensor:
        """[B, …] → [B, D]."""
        vectors = obs.reshape(len(obs), -1).to(torch.get_default_dtype())
        return vectors / self.divisors if self.same is None else vectors * (1 / self.same)

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"vector of {self.output_dim}, divided by {'its bounds' if self.same is None else f'{self.same:g}'}"


class OneHotEncoder(nn.Module):
    """Encoder of Discrete and MultiDiscrete observations: concatenated one-hot vectors, with each space's start subtracted."""

    def __init__(self, sizes: Sequence[int], starts: Sequence[int]) -> None:
        super().__init__()
        self.sizes, self.starts = tuple(sizes), tuple(starts)
        self.output_dim = sum(self.sizes)

    def forward(self, obs: Tensor) -> Tensor:
        """[B] or [B, K] → [B, ΣK]."""
        columns = obs.reshape(obs.shape[0], len(self.sizes)).long().unbind(-1)
        described = zip(columns, self.sizes, self.starts, strict=True)
        return torch.cat([one_hot(column - start, size) for column, size, start in described], -1).to(torch.get_default_dtype())

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"one-hot of {self.output_dim}"


class DictEncoder(nn.Module):
    """Encoder of Dict and Tuple observations: the encoded parts concatenated in the order of the space."""

    def __init__(self, parts: dict[str, nn.Module]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        self.parts = nn.ModuleList(parts.values())  # a list: a key of a space may hold characters that a module name may not
        self.output_dim = sum(width_of(part) for part in parts.values())

    def forward(self, obs: dict[str, Observation]) -> Tensor:
        """{key: [B, …]} → [B, D]."""
        return torch.cat([part(obs[key]) for key, part in zip(self.keys, self.parts, strict=True)], -1)

    def description(self) -> str:
        """Description of the encoding of each part, for the log; nested parts in brackets."""
        return "; ".join(f"{key!r}: {_described(part)}" for key, part in zip(self.keys, self.parts, strict=True))


def _described(part: nn.Module) -> str:
    return f"({description_of(part)})" if isinstance(part, DictEncoder) else description_of(part)


def description_of(encoder: nn.Module) -> str:
    """Description of an encoding, for the log: what the encoder itself says, or its class."""
    describe: Any = getattr(encoder, "description", None)
    return str(describe()) if callable(describe) else f"{type(encoder).__name__} → {width_of(encoder)}"


def encoder_for(space: spaces.Space[Any], cnn: Callable[[ImageLayout], nn.Module] = CNN) -> nn.Module:
    """Create the encoder from observations of a space to vectors [B, output_dim]; each image gets a CNN."""
    match space:
        case spaces.Dict():
            return DictEncoder({key: encoder_for(part, cnn) for key, part in space.spaces.items()})
        case spaces.Tuple():
            return DictEncoder({str(i): encoder_for(part, cnn) for i, part in enumerate(space.spaces)})
        case spaces.Discrete():
            return OneHotEncoder([int(space.n)], [int(space.start)])
        case spaces.MultiDiscrete():
            return OneHotEncoder(space.nvec.flatten().tolist(), space.start.flatten().tolist())
        case spaces.Box() if np.issubdtype(space.dtype, np.integer):
            layout = image_layout(space)
            return _whole_numbers(space) if layout is None else cnn(layout)
        case _:
            return VectorEncoder(math.prod(space.shape or ()))


def _whole_numbers(space: spaces.Box) -> nn.Module:
    """Encoder of integers, scaled where they are bounded."""
    largest = np.maximum(np.abs(space.low.astype(np.float64)), np.abs(space.high.astype(np.float64))).flatten()
    if not largest.size or largest.max() >= LARGEST_SCALED or (largest <= 1).all():
        return VectorEncoder(largest.size)
    return ScaledEncoder(np.maximum(largest, 1).tolist())


def width_of(module: nn.Module) -> int:
    """Number of features of a module, from its output_dim; UsageError where it has none."""
    width: Any = getattr(module, "output_dim", None)
    if not hasattr(width, "__index__"):
        raise UsageError(f"{type(module).__name__} is to give features but does not say how many; let it tell their number as output_dim.")
    return int(width)
