"""The network that judges every action."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from rlchassis.api import Observation, width_of


class QNetwork(nn.Module):
    """The value of every action."""

    is_head_on_features: ClassVar[bool] = True
    """Tells `lean_forward` that it is `interpret(head(features(obs)))` and nothing else."""

    def __init__(self, features: nn.Module, num_actions: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width_of(features), num_actions)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → values of K actions [B, K]."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Tensor:
        """What the head's outputs mean: just that."""
        return outputs
