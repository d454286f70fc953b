"""The network that judges every action, and its default description."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from torch import nn

from rlchassis_toolkit import HeadOnFeatures, IntermediateModuleFactoryDefault


class QNetwork(HeadOnFeatures):
    """Features and a linear layer: observations [B, …] → the values of K actions [B, K]."""


@frozen
class QNetworkFactoryDefault(IntermediateModuleFactoryDefault):
    """An MLP with one value per action at its end."""

    def create_module(self, envs: Any, device: torch.device) -> nn.Module:
        """With torch's own initial weights; the output layer is linear."""
        return QNetwork(super().create_module(envs, device), int(envs.action_space.n)).to(device)
