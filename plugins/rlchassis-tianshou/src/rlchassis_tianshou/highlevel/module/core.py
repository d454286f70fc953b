"""Names of tianshou.highlevel.module.core."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

import torch
from torch import nn

from rlchassis.api import ConfigPart

TDevice: TypeAlias = str | torch.device


class ModuleFactory(ConfigPart, ABC):
    """Base class of network factories."""

    @abstractmethod
    def create_module(self, envs: Any, device: TDevice) -> nn.Module:
        """Create the network."""


def init_linear_orthogonal(module: nn.Module) -> None:
    """Initialize all linear layers with orthogonal weights and biases of 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight)
            nn.init.zeros_(layer.bias)
