"""Adam (Kingma & Ba 2015) for rlchassis: its default optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from attrs import frozen

from rlchassis.api import OptimizerFactory, decay_rates, number, without_dynamo
from rlchassis_toolkit import OptimizerStep, fused_step


@frozen
class OptimizerFactoryAdam(OptimizerFactory):
    """Adam optimizer (Kingma & Ba 2015), in one fused step."""

    elementwise: ClassVar[bool] = True

    betas: tuple[float, float] = decay_rates((0.9, 0.999))
    """Decay rates (β₁, β₂) of the moving averages of the gradient and its square."""
    eps: float = number(1e-8, above=0)
    """Numerical stability term ε, added to the denominator."""
    weight_decay: float = number(0.0, at_least=0)
    """Weight decay (L2 penalty)."""

    def create_optimizer_for_params(self, params: Sequence[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create a fused torch.optim.Adam."""
        return without_dynamo(torch.optim.Adam)(params, lr, self.betas, self.eps, self.weight_decay, fused=True)

    def step_of(self, optimizer: torch.optim.Optimizer) -> OptimizerStep:
        """The step function; for a single parameter vector without torch's overhead."""
        return fused_step(optimizer, super().step_of(optimizer), decoupled=False)
