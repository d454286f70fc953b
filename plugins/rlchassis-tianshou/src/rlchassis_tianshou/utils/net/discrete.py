"""Names of tianshou.utils.net.discrete: actors and critics of discrete actions on a network of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from rlchassis_tianshou.utils.net.common import MLP, OnFeatures, width_of


class Actor(OnFeatures):
    """Probabilities of actions, or their logits; answers (tensor, state)."""

    def __init__(
        self,
        preprocess_net: nn.Module,
        action_shape: int | Sequence[int],
        hidden_sizes: Sequence[int] = (),
        softmax_output: bool = True,
        preprocess_net_output_dim: int | None = None,
        device: Any = "cpu",
    ) -> None:
        super().__init__(preprocess_net, action_shape)
        self.softmax_output = softmax_output
        self.last = MLP(width_of(preprocess_net, preprocess_net_output_dim), self.output_dim, hidden_sizes, device=device)

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[Tensor, Any]:
        """[B, …] → [B, K], and the state."""
        features, state = self.preprocess(obs, state)
        answer = self.last(features)
        return (answer.softmax(-1) if self.softmax_output else answer), state


class Critic(nn.Module):
    """Values of observations [B, 1], or of each action [B, K]."""

    def __init__(
        self,
        preprocess_net: nn.Module,
        hidden_sizes: Sequence[int] = (),
        last_size: int = 1,
        preprocess_net_output_dim: int | None = None,
        device: Any = "cpu",
    ) -> None:
        super().__init__()
        self.preprocess = preprocess_net
        self.last = MLP(width_of(preprocess_net, preprocess_net_output_dim), last_size, hidden_sizes, device=device)

    def forward(self, obs: Any, **kwargs: Any) -> Tensor:
        """[B, …] → [B, last_size]."""
        features, _ = self.preprocess(obs)
        return self.last(features)  # type: ignore[no-any-return]  # a module's return type is Any
