"""Steps of Muon and AdamW as one torch optimizer."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from rlchassis_muon.orthogonal import orthogonalized


class Muon(torch.optim.Optimizer):
    """Muon for groups with is_hidden, AdamW for the others, whose learning rate is lr · scale."""

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        super().__init__(groups, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # optimizers of rlchassis have no closure
        """One step of all groups."""
        for group in self.param_groups:
            params: list[Tensor] = []
            gradients: list[Tensor] = []
            first: list[Tensor] = []
            second: list[Tensor] = []
            counts: list[Tensor] = []
            self._init_group(group, params, gradients, first, second, counts)
            if group["is_hidden"]:
                for p, gradient, momentum in zip(params, gradients, first, strict=True):
                    descend(p, gradient, momentum, group)
            elif params:
                _adamw_step(params, gradients, first, second, counts, group)

    def _init_group(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        gradients: list[Tensor],
        first: list[Tensor],
        second: list[Tensor],
        counts: list[Tensor],
    ) -> None:
        """Append parameters with a gradient, and their moments, which the first step creates; torch's compiler looks for this name."""
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self.state[p]
            if not state:
                state["exp_avg"] = torch.zeros_like(p)
                if not group["is_hidden"]:
                    state["exp_avg_sq"] = torch.zeros_like(p)
                    state["step"] = torch.zeros((), device=p.device if group["fused"] else "cpu")
            params.append(p)
            gradients.append(p.grad)
            first.append(state["exp_avg"])
            if not group["is_hidden"]:
                second.append(state["exp_avg_sq"])
                counts.append(state["step"])


def descend(p: Tensor, gradient: Tensor, momentum: Tensor, group: dict[str, Any]) -> None:
    """Step a hidden matrix along its orthogonalized momentum:  m ← μ m + (1 − μ) g,  θ ← (1 − lr λ) θ − lr · scale · orthogonalized(m)."""
    momentum.lerp_(gradient, 1 - group["momentum"])
    towards = gradient.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum
    matrices = as_matrices(towards)
    rows, columns = matrices.shape[-2:]
    scale = 0.2 * math.sqrt(max(rows, columns)) if group["match_adamw"] else math.sqrt(max(1, rows / columns))
    update = orthogonalized(matrices, group["num_iterations"]).mul_(scale)
    if group["weight_decay"]:
        p.mul_(1 - group["lr"] * group["weight_decay"])
    p.sub_((update.transpose(-2, -1) if p.dim() == 3 else update).reshape(p.shape) * group["lr"])


def as_matrices(p: Tensor) -> Tensor:
    """Weights as matrices [out, in]: ensembles [n, in, out] as [n, out, in], kernels [out, in, h, w] as [out, in · h · w]."""
    return p.transpose(-2, -1) if p.dim() == 3 else p.flatten(1)


def _adamw_step(
    params: list[Tensor], gradients: list[Tensor], first: list[Tensor], second: list[Tensor], counts: list[Tensor], group: dict[str, Any]
) -> None:
    beta1, beta2 = group["betas"]
    adamw(
        params,
        gradients,
        first,
        second,
        [],
        counts,
        foreach=False,
        capturable=False,
        differentiable=False,
        fused=group["fused"],
        amsgrad=False,
        beta1=beta1,
        beta2=beta2,
        lr=group["lr"] * group["scale"],
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        maximize=False,
    )
