"""ε-greedy policy on the mean over quantiles."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from rlchassis.api import Observation, require_values
from rlchassis_iqn.network import QuantileNetwork
from rlchassis_toolkit import EpsilonGreedyPolicy, width_of


class QuantilePolicy(EpsilonGreedyPolicy):
    """ε-greedy policy on the mean of K quantiles: at random fractions in training, as in the paper, else at the midpoints (k − ½) / K.

    Evaluation is therefore deterministic.
    """

    network: QuantileNetwork
    middles: Tensor

    def __init__(self, network: QuantileNetwork, sample_size: int, *, eps_training: float, eps_inference: float = 0.0) -> None:
        super().__init__(network, eps_training=eps_training, eps_inference=eps_inference)
        self.register_buffer("middles", (torch.arange(sample_size) + 0.5) / sample_size, persistent=False)

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check that the preprocess network returns output_dim features."""
        require_values(self.network.features(obs), obs, width_of(self.network.features), meaning="features, as many as its output_dim says")
        super().check_networks(obs, action_space)

    def values(self, obs: Observation, *, explore: bool, rng: Generator) -> Tensor:
        """q(s, a) ≈ 1/K Σₖ z(s, a; τₖ)   (Dabney et al. 2018b, eq. 2)."""
        features = self.network.features(obs)
        fractions = torch.rand(len(features), len(self.middles), generator=rng, device=rng.device) if explore else self.middles
        return self.network.allowed(self.network.quantiles(features, fractions), obs).mean(-2)
