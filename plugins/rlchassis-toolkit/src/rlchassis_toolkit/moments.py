"""Running mean and variance of a stream of vectors, for normalizing observations and returns."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RunningMoments(nn.Module):
    """Running mean and variance in float64; 0 and 1 before the first update."""

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
        """Update with rows [B, …], by the parallel algorithm of Chan et al. (1979)."""
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
        """√(variance + ε), float32."""
        return (self.variance + epsilon).sqrt().float()

    def normalized(self, values: Tensor, clip: float) -> Tensor:
        """(x − mean) / std, clipped to ± clip."""
        numbers = values if values.is_floating_point() else values.float()
        return ((numbers - self.mean.float()) / self.std()).clamp(-clip, clip)
