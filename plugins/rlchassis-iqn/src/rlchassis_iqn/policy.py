"""What acts: an ε-greedy policy whose values are means of quantiles."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from rlchassis.api import Observation, require_values
from rlchassis_iqn.network import QuantileNetwork
from rlchassis_toolkit import EpsilonGreedyPolicy, width_of


class QuantilePolicy(EpsilonGreedyPolicy):
    """Values actions by K quantiles: at random fractions while exploring, as the paper does, else at the middles of K equal parts.

    So what is stored acts the same whenever it is asked, and an evaluation draws nothing.
    """

    network: QuantileNetwork
    middles: Tensor

    def __init__(self, network: QuantileNetwork, sample_size: int, *, eps_training: float, eps_inference: float = 0.0) -> None:
        super().__init__(network, eps_training=eps_training, eps_inference=eps_inference)
        self.register_buffer("middles", (torch.arange(sample_size) + 0.5) / sample_size, persistent=False)

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """The preprocess network answers as many features as its output_dim says."""
        require_values(self.network.features(obs), obs, width_of(self.network.features), meaning="features, as many as its output_dim says")
        super().check_networks(obs, action_space)

    def values(self, obs: Observation, *, explore: bool, rng: Generator) -> Tensor:
        """q(s, a) ≈ 1/K Σₖ z(s, a; τₖ)   (Dabney et al. 2018b, eq. 2)."""
        features = self.network.features(obs)
        fractions = torch.rand(len(features), len(self.middles), generator=rng, device=rng.device) if explore else self.middles
        return self.network.quantiles(features, fractions).mean(-2)
