"""Running standard deviation of discounted returns, for normalizing rewards."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rlchassis_toolkit.moments import RunningMoments


class RewardScale(nn.Module):
    """Running standard deviation of the returns so far of each environment:  Rₜ = rₜ + γ Rₜ₋₁, which begins anew with each episode.

    The statistics are in its state_dict; returns of episodes that still run are in checkpoints alone.
    """

    def __init__(self, gamma: float, device: torch.device | None = None) -> None:
        super().__init__()
        self.gamma = gamma
        self.moments = RunningMoments(device=device)
        self.returns = torch.zeros(0, device=device)
        """Return so far of each environment, [N]; 0 where an episode begins."""

    def normalized(self, rewards: Tensor, clip: float) -> Tensor:
        """Rewards divided by the standard deviation, clipped to ± clip; the mean stays, for its sign decides how long to live."""
        return (rewards / self.moments.std()).clamp(-clip, clip)

    @torch.no_grad()
    def update(self, rewards: Tensor, ended: Tensor, valid: Tensor) -> None:
        """Update with consecutive rewards [T, N] of valid rows; ended: rows with which an episode ended."""
        current = self.returns if self.returns.shape == rewards.shape[1:] else torch.zeros_like(rewards[0])
        earned, factors, goes_on = rewards * valid, torch.where(valid, self.gamma, 1.0), (~(ended & valid)).float()
        returns = []
        for reward, factor, keep in zip(earned, factors, goes_on, strict=True):
            returns.append(torch.addcmul(reward, factor, current))
            current = returns[-1] * keep
        self.returns = current
        self.moments.update(torch.stack(returns)[valid])
