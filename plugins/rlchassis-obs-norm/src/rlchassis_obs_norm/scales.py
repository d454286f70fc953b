"""Running statistics of observations, for each part of their space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis.api import Observation, UnsupportedSpaceError
from rlchassis_toolkit import RunningMoments


class Scale(nn.Module, ABC):
    """Normalizer of observations of one space, with any leading dimensions."""

    @abstractmethod
    def forward(self, obs: Any) -> Any:
        """The normalized observation."""

    @abstractmethod
    def update(self, obs: Any, valid: Tensor) -> None:
        """Update the statistics with observations [T, N, …] in valid rows [T, N]."""


class BoxScale(Scale):
    """Normalizer of a Box: each element by its own mean and standard deviation."""

    def __init__(self, shape: tuple[int, ...], clip: float, device: torch.device) -> None:
        super().__init__()
        self.moments = RunningMoments(shape, device)
        self.clip = clip

    def forward(self, obs: Tensor) -> Tensor:
        """(x − mean) / std, clipped to ± clip."""
        return self.moments.normalized(obs, self.clip)

    def update(self, obs: Tensor, valid: Tensor) -> None:
        """Update the running mean and variance."""
        self.moments.update(obs[valid])


class DictScale(Scale):
    """Normalizer of a Dict or Tuple: each part by its own."""

    def __init__(self, parts: dict[str, Scale]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        self.parts = nn.ModuleList(parts.values())  # a list: a key of a space may hold characters that a module name may not

    def forward(self, obs: dict[str, Observation]) -> dict[str, Observation]:
        """Part by part."""
        return {key: scale(obs[key]) for key, scale in zip(self.keys, self.parts, strict=True)}

    def update(self, obs: dict[str, Observation], valid: Tensor) -> None:
        """Part by part."""
        for key, scale in zip(self.keys, self.parts, strict=True):
            assert isinstance(scale, Scale)
            scale.update(obs[key], valid)


class AsItIs(Scale):
    """Identity, for discrete values and bytes."""

    def forward(self, obs: Any) -> Any:
        """Unchanged."""
        return obs

    def update(self, obs: Any, valid: Tensor) -> None:
        """No statistics."""


def scale_for(space: spaces.Space[Any], clip: float, device: torch.device) -> Scale:
    """The normalizer of a space; UnsupportedSpaceError where no part of it can be normalized."""
    scale = _scale(space, clip, device)
    if not any(isinstance(part, BoxScale) for part in scale.modules()):
        raise UnsupportedSpaceError(f"obs-norm has nothing to normalize in {space}; leave the wrapper out.")
    return scale


def _scale(space: spaces.Space[Any], clip: float, device: torch.device) -> Scale:
    match space:
        case spaces.Dict():
            return DictScale({key: _scale(part, clip, device) for key, part in space.spaces.items()})
        case spaces.Tuple():
            return DictScale({str(i): _scale(part, clip, device) for i, part in enumerate(space.spaces)})
        case spaces.Box() if space.dtype != "uint8":
            return BoxScale(space.shape, clip, device)
        case _:
            return AsItIs()
