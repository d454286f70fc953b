"""The AdamW step of one parameter vector without torch's per-step overhead, which for small networks exceeds the step itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from rlchassis.api import without_dynamo

OptimizerStep = Callable[[Optimizer], Any]
"""A function that takes one optimizer step from the gradients of its parameters."""
PLAIN = {"fused": True, "amsgrad": False, "maximize": False, "capturable": False, "differentiable": False}
"""Options that lean_step assumes."""


def steps_one_vector(optimizer: Optimizer) -> bool:
    """Whether an optimizer is torch's fused AdamW with one parameter and the options in PLAIN; a factory subclass may create others."""
    groups = optimizer.param_groups
    one = type(optimizer) is without_dynamo(torch.optim.AdamW) and [len(group["params"]) for group in groups] == [1]
    return one and all(groups[0].get(option) == plain for option, plain in PLAIN.items())


def lean_step(whole: OptimizerStep) -> OptimizerStep:
    """A step equal to `whole`, that of a fused torch.optim.AdamW with one parameter; `whole` takes the first, which creates the moments."""

    def step(adamw: Optimizer) -> None:
        group = adamw.param_groups[0]
        vector = group["params"][0]
        moments, gradient = adamw.state.get(vector), vector.grad
        if not moments or gradient is None:
            whole(adamw)
            return
        count, (beta1, beta2) = moments["step"].add_(1), group["betas"]
        lists = [vector], [gradient], [moments["exp_avg"]], [moments["exp_avg_sq"]], list[torch.Tensor](), [count]
        numbers = {name: group[name] for name in ("lr", "weight_decay", "eps")}
        torch._fused_adamw_(*lists, beta1=beta1, beta2=beta2, amsgrad=False, maximize=False, **numbers)

    return step
