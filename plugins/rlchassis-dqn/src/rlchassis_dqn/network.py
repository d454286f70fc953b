"""The Q-network and its default factory."""

from __future__ import annotations

from typing import Any

import torch
from attrs import evolve, frozen
from torch import nn

from rlchassis_toolkit import HeadOnFeatures, IntermediateModuleFactoryDefault, NetworkFactory


class QNetwork(HeadOnFeatures):
    """Q-network: features and a linear layer; observations [B, …] → values q(s, ·) of K actions [B, K]."""


@frozen
class QNetworkFactoryDefault(IntermediateModuleFactoryDefault):
    """Factory of an MLP Q-network with one output per action."""

    def on(self, network: NetworkFactory) -> QNetworkFactoryDefault:
        """A Q-network with its output layer alone on a network."""
        return evolve(self, network=network, hidden_sizes=())

    def create_module(self, envs: Any, device: torch.device) -> nn.Module:
        """Create the network, with PyTorch's default initialization and a linear output layer."""
        return QNetwork(super().create_module(envs, device), int(envs.action_space.n)).to(device)
