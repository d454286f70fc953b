"""Names of tianshou.utils.net.continuous: actors and critics of continuous actions on a network of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rlchassis_tianshou.utils.net.common import MLP, OnFeatures, as_floats, width_of

LOWEST, HIGHEST = -20.0, 2.0
"""Bounds of log σ."""


class Actor(OnFeatures):
    """Actions within ± max_action; answers (tensor, state)."""

    def __init__(
        self,
        preprocess_net: nn.Module,
        action_shape: int | Sequence[int],
        hidden_sizes: Sequence[int] = (),
        max_action: float = 1.0,
        device: Any = "cpu",
        preprocess_net_output_dim: int | None = None,
    ) -> None:
        super().__init__(preprocess_net, action_shape)
        self.max_action = max_action
        self.last = MLP(width_of(preprocess_net, preprocess_net_output_dim), self.output_dim, hidden_sizes, device=device)

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[Tensor, Any]:
        """[B, …] → [B, D], and the state."""
        features, state = self.preprocess(obs, state)
        return self.max_action * torch.tanh(self.last(features)), state


class ActorProb(OnFeatures):
    """Mean and standard deviation of a Gaussian; answers ((mean, std), state)."""

    def __init__(
        self,
        preprocess_net: nn.Module,
        action_shape: int | Sequence[int],
        hidden_sizes: Sequence[int] = (),
        max_action: float = 1.0,
        device: Any = "cpu",
        unbounded: bool = False,
        conditioned_sigma: bool = False,
        preprocess_net_output_dim: int | None = None,
    ) -> None:
        super().__init__(preprocess_net, action_shape)
        self.max_action, self.unbounded = max_action, unbounded
        width = width_of(preprocess_net, preprocess_net_output_dim)
        self.mu = MLP(width, self.output_dim, hidden_sizes, device=device)
        self.sigma: nn.Module | None = MLP(width, self.output_dim, hidden_sizes, device=device) if conditioned_sigma else None
        if not conditioned_sigma:
            self.sigma_param = nn.Parameter(torch.zeros(self.output_dim, device=device))

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[tuple[Tensor, Tensor], Any]:
        """[B, …] → mean and standard deviation [B, D], and the state."""
        features, state = self.preprocess(obs, state)
        mean = self.mu(features)
        mean = mean if self.unbounded else self.max_action * torch.tanh(mean)
        log_std = self.sigma_param.expand_as(mean) if self.sigma is None else self.sigma(features).clamp(LOWEST, HIGHEST)
        return (mean, log_std.exp()), state


class Critic(nn.Module):
    """Values [B, 1] of observations and actions, or of observations alone where none are given."""

    def __init__(
        self,
        preprocess_net: nn.Module,
        hidden_sizes: Sequence[int] = (),
        device: Any = "cpu",
        preprocess_net_output_dim: int | None = None,
        flatten_input: bool = True,
    ) -> None:
        super().__init__()
        self.preprocess = preprocess_net
        self.last = MLP(width_of(preprocess_net, preprocess_net_output_dim), 1, hidden_sizes, device=device)

    def forward(self, obs: Any, act: Any = None, info: Any = None) -> Tensor:
        """[B, …] and [B, D] → [B, 1]."""
        seen = as_floats(obs).flatten(1)
        features, _ = self.preprocess(seen if act is None else torch.cat([seen, as_floats(act).flatten(1)], 1))
        return self.last(features)  # type: ignore[no-any-return]  # a module's return type is Any
