"""The network that judges every action, and its default description."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit import IntermediateModuleFactoryDefault, width_of


class QNetwork(nn.Module):
    """Features and a linear layer that answers the value of every action."""

    is_head_on_features: ClassVar[bool] = True
    """Tells `infer` that it is `interpret(head(features(obs)))` and nothing else."""

    def __init__(self, features: nn.Module, num_actions: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width_of(features), num_actions)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → values of K actions [B, K]."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Tensor:
        """The head's outputs are the values."""
        return outputs


@frozen
class QNetworkFactoryDefault(IntermediateModuleFactoryDefault):
    """An MLP with one value per action at its end."""

    def create_module(self, envs: Any, device: torch.device) -> nn.Module:
        """With torch's own initial weights; the output layer is linear."""
        return QNetwork(super().create_module(envs, device), int(envs.action_space.n)).to(device)
