"""A random network, and one that learns to predict it (Burda et al. 2018)."""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import Metrics, Observation, TensorStruct
from rlchassis_toolkit import RewardScale, RunningMoments, width_of

CLIP = 5.0
"""Clip range of normalized observations (§2.4)."""


@frozen(eq=False)
class States(TensorStruct):
    """States to learn from, [B, …]."""

    obs: Observation


class NormalizedEncoder(nn.Module):
    """Encoder without parameters, whose vectors are normalized by their running mean and standard deviation and clipped to ± 5."""

    def __init__(self, encoder: nn.Module, device: torch.device) -> None:
        super().__init__()
        self.encoder = encoder
        self.output_dim = width_of(encoder)
        self.moments = RunningMoments((self.output_dim,), device)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → vectors [B, D]."""
        return self.moments.normalized(self.encoder(obs), CLIP)

    def update(self, obs: Observation) -> None:
        """Update the statistics."""
        self.moments.update(self.encoder(obs))


class Distillation(nn.Module):
    """Fixed target f and predictor f̂ of the same states; the error ‖f̂(s) − f(s)‖² falls for states that f̂ has learned."""

    def __init__(self, target: nn.Module, predictor: nn.Module, encoder: NormalizedEncoder | None, scale: RewardScale) -> None:
        super().__init__()
        self.target, self.predictor = target.requires_grad_(False), predictor
        self.encoder, self.scale = encoder, scale

    def errors(self, states: States) -> Tensor:
        """Mean squared error of each state over the outputs, [B]."""
        seen = states.obs if self.encoder is None else self.encoder(states.obs)
        error: Tensor = self.predictor(seen) - self.target(seen)
        return error.square().mean(-1)

    @torch.no_grad()
    def novelty(self, states: States) -> Tensor:
        """Errors [B], without gradient."""
        return self.errors(states)

    def loss(self, states: States) -> tuple[Tensor, Metrics]:
        """Mean error over the batch."""
        return self.errors(states).mean(), {}

    @torch.no_grad()
    def observe(self, states: States, novelty: Tensor, valid: Tensor) -> None:
        """Update the statistics of observations with valid states [B], and those of returns with consecutive errors [T, N]."""
        if self.encoder is not None:
            self.encoder.update(states.obs)
        self.scale.update(novelty, torch.zeros_like(valid), valid)
