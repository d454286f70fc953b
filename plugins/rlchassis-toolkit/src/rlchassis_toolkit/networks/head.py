"""The shape of most actors and critics: features of an observation, and one linear layer that reads them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit.networks.encoders import width_of


class HeadOnFeatures(nn.Module):
    """interpret(head(features(obs))), with a linear head."""

    def __init__(self, features: nn.Module, num_outputs: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width_of(features), num_outputs)

    def forward(self, obs: Observation) -> Any:
        """Observations [B, …] → what the head's outputs mean."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Any:
        """What the head's outputs [B, num_outputs] mean: by default themselves."""
        return outputs
