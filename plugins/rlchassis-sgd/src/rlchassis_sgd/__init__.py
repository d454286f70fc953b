"""Stochastic gradient descent for rlchassis, with momentum where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from attrs import frozen

from rlchassis.api import OptimizerFactory, UsageError, number, switch, without_dynamo


@frozen
class OptimizerFactorySGD(OptimizerFactory):
    """Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's."""

    elementwise: ClassVar[bool] = True

    momentum: float = number(0.0, at_least=0, below=1)
    """Momentum μ: 0 is plain gradient descent."""
    dampening: float = number(0.0, at_least=0, at_most=1)
    """Share of the gradient that is left out of the momentum."""
    weight_decay: float = number(0.0, at_least=0)
    """Weight decay (L2 penalty)."""
    nesterov: bool = switch(False)
    """Whether to take the gradient that the momentum leads to (Nesterov 1983)."""

    def __attrs_post_init__(self) -> None:
        """UsageError for an option without effect."""
        if self.nesterov and (self.momentum == 0 or self.dampening):
            raise UsageError("nesterov needs a momentum above 0 and no dampening; set momentum, such as 0.9, and leave dampening out.")
        if self.dampening and self.momentum == 0:
            raise UsageError("dampening has no effect without momentum; set momentum, such as 0.9, or leave dampening out.")

    def create_optimizer_for_params(self, params: Sequence[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create a torch.optim.SGD, fused where that takes less time."""
        fused = True if self.momentum else None
        return without_dynamo(torch.optim.SGD)(params, lr, self.momentum, self.dampening, self.weight_decay, self.nesterov, fused=fused)
