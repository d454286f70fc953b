"""Names of tianshou.utils.net.discrete: actors and critics of discrete actions on a network of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from rlchassis_tianshou.utils.net.common import MLP, size_of, width_of


class Actor(nn.Module):
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
        super().__init__()
        self.preprocess, self.softmax_output = preprocess_net, softmax_output
        self.output_dim = size_of(action_shape)
        self.last = MLP(width_of(preprocess_net, preprocess_net_output_dim), self.output_dim, hidden_sizes, device=device)

    def get_preprocess_net(self) -> nn.Module:
        """The network of features."""
        return self.preprocess

    def get_output_dim(self) -> int:
        """Number of actions."""
        return self.output_dim

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
