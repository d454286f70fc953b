"""The Adam step of one parameter vector without torch's per-step overhead, which for small networks exceeds the step itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from rlchassis.api import without_dynamo

OptimizerStep = Callable[[Optimizer], Any]
"""A function that takes one optimizer step from the gradients of its parameters."""
PLAIN = {"fused": True, "amsgrad": False, "maximize": False, "capturable": False, "differentiable": False, "decoupled_weight_decay": False}
"""Options that lean_step assumes."""


def steps_one_vector(optimizer: Optimizer) -> bool:
    """Whether an optimizer is torch's fused Adam with one parameter and the options in PLAIN; a factory subclass may create others."""
    groups = optimizer.param_groups
    one = type(optimizer) in (without_dynamo(torch.optim.Adam), torch.optim.Adam) and [len(group["params"]) for group in groups] == [1]
    return one and all(groups[0].get(option, plain) == plain for option, plain in PLAIN.items())


def lean_step(whole: OptimizerStep) -> OptimizerStep:
    """A step equal to `whole`, that of a fused torch.optim.Adam with one parameter; `whole` takes the first, which creates the moments."""

    def step(adam: Optimizer) -> None:
        group = adam.param_groups[0]
        vector = group["params"][0]
        moments, gradient = adam.state.get(vector), vector.grad
        if not moments or gradient is None:
            whole(adam)
            return
        moments["step"].add_(1)
        torch._fused_adam_(
            [vector],
            [gradient],
            [moments["exp_avg"]],
            [moments["exp_avg_sq"]],
            [],
            [moments["step"]],
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    return step
