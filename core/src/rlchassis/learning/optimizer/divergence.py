"""Detection of non-finite losses and gradients before an optimizer step."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rlchassis.errors import DivergenceError

REMEDY = "try a smaller learning rate or a limit on the gradient norm (max_grad_norm)"
"""Advice in errors about divergence."""


def finite_norm(loss: Tensor, gradient: Tensor, norm: Tensor, role: str) -> Tensor:
    """Norm [] of the gradient [P], clamped to the largest finite number; DivergenceError if loss or gradient is not finite."""
    if math.isfinite(loss.item()) and math.isfinite(norm.item()):
        return norm
    if math.isfinite(loss.item()) and torch.isfinite(gradient).all():  # finite numbers whose norm is not
        return norm.clamp(max=torch.finfo(norm.dtype).max)
    seen = {"loss": loss.item(), "grad_norm": torch.linalg.vector_norm(gradient).item()}
    what = "loss" if not math.isfinite(seen["loss"]) else "gradient"
    raise DivergenceError(
        f"the {what} of role {role!r} is not finite (loss {seen['loss']:g}, gradient norm {seen['grad_norm']:g}): "
        f"learning diverged, and this step was not taken; {REMEDY}.",
        seen,
    )
