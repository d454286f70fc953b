"""Quantile network: for any fraction τ, the τ-quantile of the return of every action."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rlchassis.api import Observation, split_mask
from rlchassis_toolkit import MLP, forbid, joint_mask, width_of


class QuantileNetwork(nn.Module):
    """Quantile network:  z(s, a; τ) = f(ψ(s) ⊙ φ(τ))ₐ  with features ψ and a head f   (Dabney et al. 2018b, section 3.1)."""

    multiples: Tensor

    def __init__(
        self,
        features: nn.Module,
        num_actions: int,
        num_cosines: int,
        hidden_sizes: Sequence[int],
        *,
        is_masked: bool = False,
        mask_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        width = width_of(features)
        self.features = features
        self.is_masked, self.mask_sizes = is_masked, tuple(mask_sizes)
        self.embedding = nn.Linear(num_cosines, width)
        self.head = MLP(width, hidden_sizes, nn.ReLU, num_actions)
        self.register_buffer("multiples", math.pi * torch.arange(1.0, num_cosines + 1), persistent=False)

    def forward(self, obs: Observation, fractions: Tensor) -> Tensor:
        """Observations [B, …] and fractions [B, N], or [N] shared by the batch → quantiles of K actions [B, N, K]."""
        return self.allowed(self.quantiles(self.features(obs), fractions), obs)

    def allowed(self, quantiles: Tensor, obs: Observation) -> Tensor:
        """Quantiles [B, N, K], −∞ for actions that the action mask of the observations forbids."""
        return forbid(quantiles, joint_mask(split_mask(obs)[1], self.mask_sizes).unsqueeze(-2)) if self.is_masked else quantiles

    def quantiles(self, features: Tensor, fractions: Tensor) -> Tensor:
        """Features [B, D] and fractions [B, N] or [N] → quantiles of K actions [B, N, K]."""
        return self.head(features.unsqueeze(-2) * self._embedded(fractions))  # type: ignore[no-any-return]  # a module's return type is Any

    def _embedded(self, fractions: Tensor) -> Tensor:
        """φ(τ) = relu(W cos(π i τ) + b)  with i = 1 … n; the paper's i = 0 would be a second b (eq. 4)."""
        return torch.relu(self.embedding(torch.cos(fractions.unsqueeze(-1) * self.multiples)))
