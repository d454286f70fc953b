"""Base class of actors and critics: a feature extractor and a linear head."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit.networks.encoders import width_of


class HeadOnFeatures(nn.Module):
    """interpret(head(features(obs))) with a linear head."""

    def __init__(self, features: nn.Module, num_outputs: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width_of(features), num_outputs)

    def forward(self, obs: Observation) -> Any:
        """Observations [B, …] → interpreted head outputs."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Any:
        """Interpret head outputs [B, num_outputs]; by default they are returned unchanged."""
        return outputs
