"""Fused steps of Adam and AdamW over one vector without the overhead per step of torch, which for small networks exceeds the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from rlchassis.api import without_dynamo

OptimizerStep = Callable[[Optimizer], Any]
"""A function that takes one optimizer step from the gradients of its parameters."""
PLAIN = {"fused": True, "amsgrad": False, "maximize": False, "capturable": False, "differentiable": False}
"""Options that fused_step assumes."""


def fused_step(optimizer: Optimizer, whole: OptimizerStep, *, decoupled: bool) -> OptimizerStep:
    """A step equal to `whole`, that of the optimizer; `whole` itself for others than a plain fused Adam, or AdamW, over one vector.

    decoupled: whether weights decay apart from the gradient, as in AdamW
    """
    return _step_of_vector(whole, decoupled) if _steps_one_vector(optimizer, decoupled) else whole


def _steps_one_vector(optimizer: Optimizer, decoupled: bool) -> bool:
    kind, groups = torch.optim.AdamW if decoupled else torch.optim.Adam, optimizer.param_groups
    one = type(optimizer) in (without_dynamo(kind), kind) and [len(group["params"]) for group in groups] == [1]
    plain = PLAIN | {"decoupled_weight_decay": decoupled}
    return one and all(groups[0].get(option, value) == value for option, value in plain.items())


def _step_of_vector(whole: OptimizerStep, decoupled: bool) -> OptimizerStep:
    """The step, of which `whole` takes the first, which creates the moments."""
    fused: Callable[..., Any] = torch._fused_adamw_ if decoupled else torch._fused_adam_

    def step(optimizer: Optimizer) -> None:
        group = optimizer.param_groups[0]
        vector = group["params"][0]
        moments, gradient = optimizer.state.get(vector), vector.grad
        if not moments or gradient is None:
            whole(optimizer)
            return
        count = moments["step"].add_(1)
        fused(
            [vector],
            [gradient],
            [moments["exp_avg"]],
            [moments["exp_avg_sq"]],
            [],
            [count],
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    return step
