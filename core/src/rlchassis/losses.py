"""Small maths that two or more plugins share: pure functions of tensors. What one plugin alone needs lives there."""

from __future__ import annotations

import torch
from torch import Tensor


def normalized(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Shift and scale to mean 0 and standard deviation 1:  (x − μ) / (σ + ε), with the population's σ, so that one value gives 0."""
    std, mean = torch.std_mean(values, correction=0)
    return (values - mean) / (std + epsilon)
