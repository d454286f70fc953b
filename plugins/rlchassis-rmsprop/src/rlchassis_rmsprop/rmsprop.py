"""The steps of RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class RMSprop(torch.optim.Optimizer):
    """RMSprop; its options are those of the factory. With torch's ε it steps as torch.optim.RMSprop does, with less overhead."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float, **options: float) -> None:
        super().__init__(params, {"lr": lr, **options})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # optimizers of rlchassis have no closure
        """One step:  v ← α v + (1 − α) g²,  θ ← θ − lr · g / (√v + ε),  or with √(v + ε)."""
        for group in self.param_groups:
            params: list[Tensor] = []
            gradients: list[Tensor] = []
            squares: list[Tensor] = []
            means: list[Tensor] = []
            momenta: list[Tensor] = []
            self._init_group(group, params, gradients, squares, means, momenta)
            for i, (p, gradient, square) in enumerate(zip(params, gradients, squares, strict=True)):
                descend(p, gradient, square, means[i] if means else None, momenta[i] if momenta else None, group)

    def _init_group(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        gradients: list[Tensor],
        squares: list[Tensor],
        means: list[Tensor],
        momenta: list[Tensor],
    ) -> None:
        """Append parameters with a gradient, and their averages, which the first step creates; torch's compiler looks for this name."""
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self.state[p]
            if not state:
                state["square_avg"] = torch.full_like(p, group["initial_square"])
                if group["centered"]:
                    state["grad_avg"] = torch.zeros_like(p)
                if group["momentum"] > 0:
                    state["momentum_buffer"] = torch.zeros_like(p)
            params.append(p)
            gradients.append(p.grad)
            squares.append(state["square_avg"])
            if group["centered"]:
                means.append(state["grad_avg"])
            if group["momentum"] > 0:
                momenta.append(state["momentum_buffer"])


def descend(p: Tensor, gradient: Tensor, square: Tensor, mean: Tensor | None, momentum: Tensor | None, group: dict[str, Any]) -> None:
    """Step a parameter p by its gradient g; square: v, mean: moving average of g where centered, momentum: that of g / √v."""
    if group["weight_decay"]:
        gradient = gradient.add(p, alpha=group["weight_decay"])
    square.mul_(group["alpha"]).addcmul_(gradient, gradient, value=1 - group["alpha"])
    scale = square
    if mean is not None:
        mean.lerp_(gradient, 1 - group["alpha"])
        scale = square.addcmul(mean, mean, value=-1)
    scale = scale.add(group["eps"]).sqrt_() if group["eps_in_root"] else scale.sqrt().add_(group["eps"])
    if momentum is None:
        p.addcdiv_(gradient, scale, value=-group["lr"])
    else:
        p.add_(momentum.mul_(group["momentum"]).addcdiv_(gradient, scale), alpha=-group["lr"])
