"""An actor without features that a critic could reuse."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from torch import nn

from rlchassis_toolkit import ActorFactory, Categorical


class Scores(nn.Linear):
    """Linear layer from observations to logits of discrete actions."""

    def forward(self, obs: torch.Tensor) -> Any:
        """Categorical distribution over actions."""
        return Categorical(super().forward(obs))


@frozen
class ActorFactoryFeatureless(ActorFactory):
    """Factory of Scores."""

    def create_module(self, envs: Any, device: torch.device) -> nn.Module:
        """Create the actor for a Box of one axis and Discrete actions."""
        return Scores(envs.observation_space.shape[0], int(envs.action_space.n)).to(device)
