"""Running mean and variance of a stream of vectors, for normalising observations and returns."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RunningMoments(nn.Module):
    """Mean and variance of all rows seen so far, kept in double precision; before any, mean 0 and variance 1."""

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, shape: tuple[int, ...] = (), device: torch.device | None = None) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.float64, device=device))
        self.register_buffer("mean", torch.zeros(shape, dtype=torch.float64, device=device))
        self.register_buffer("variance", torch.ones(shape, dtype=torch.float64, device=device))

    @torch.no_grad()
    def update(self, rows: Tensor) -> None:
        """Take in rows [B, …], by the pairwise rule of Chan et al. (1979)."""
        size = rows.shape[0]
        if size == 0:
            return
        new_variance, new_mean = torch.var_mean(rows.double(), dim=0, correction=0)
        total, offset = self.count + size, new_mean - self.mean
        spread = self.variance * self.count + new_variance * size + offset.square() * self.count * size / total
        self.mean += offset * size / total
        self.variance.copy_(spread / total)
        self.count.copy_(total)

    def std(self, epsilon: float = 1e-8) -> Tensor:
        """√(variance + ε), in single precision."""
        return (self.variance + epsilon).sqrt().float()

    def normalized(self, values: Tensor, clip: float) -> Tensor:
        """(x − mean) / std, kept within ± clip."""
        numbers = values if values.is_floating_point() else values.float()
        return ((numbers - self.mean.float()) / self.std()).clamp(-clip, clip)
