"""Orthogonalization of matrices by Newton–Schulz iterations."""

from __future__ import annotations

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Coefficients (a, b, c) of σ ← a σ + b σ³ + c σ⁵, which bring singular values near 1 in few iterations (Jordan et al. 2024)."""
SMALLEST_NORM = 1e-7
"""A matrix of a smaller norm stays near zero."""


def orthogonalized(matrices: Tensor, iterations: int) -> Tensor:
    """U Vᵀ of the singular value decomposition U Σ Vᵀ of matrices [..., m, n], with singular values between about 0.7 and 1.2.

    X ← a X + (b A + c A²) X with A = X Xᵀ, from X = G / ‖G‖; in the precision of the matrices, whose shorter side is multiplied.
    """
    a, b, c = COEFFICIENTS
    is_tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = matrices.transpose(-2, -1) if is_tall else matrices
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp(min=SMALLEST_NORM)
    for _ in range(iterations):
        gram = x @ x.transpose(-2, -1)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.transpose(-2, -1) if is_tall else x
