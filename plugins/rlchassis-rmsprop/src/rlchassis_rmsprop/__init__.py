"""RMSprop (Hinton 2012) for rlchassis, with ε where torch adds it or where TensorFlow does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from attrs import asdict, frozen

from rlchassis.api import OptimizerFactory, number, switch, without_dynamo
from rlchassis_rmsprop.rmsprop import RMSprop


@frozen
class OptimizerFactoryRMSprop(OptimizerFactory):
    """RMSprop optimizer (Hinton 2012); with TensorFlow's ε for results of A2C and DQN that were made with it."""

    elementwise: ClassVar[bool] = True

    alpha: float = number(0.99, at_least=0, below=1)
    """Decay rate α of the moving average v of the squared gradient."""
    eps: float = number(1e-8, above=0)
    """Numerical stability term ε."""
    weight_decay: float = number(0.0, at_least=0)
    """Weight decay (L2 penalty)."""
    momentum: float = number(0.0, at_least=0, below=1)
    """Momentum μ of the scaled gradients: 0 is none."""
    centered: bool = switch(False)
    """Whether to divide by the standard deviation of the gradient in place of its root mean square."""
    eps_in_root: bool = switch(False)
    """Whether ε is added to v below the root, √(v + ε), as in TensorFlow; else to the root, √v + ε."""
    initial_square: float = number(0.0, at_least=0)
    """Initial v: 0 in torch and Keras, 1 in TensorFlow 1."""

    def create_optimizer_for_params(self, params: Sequence[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create an RMSprop of these options."""
        return without_dynamo(RMSprop)(params, lr, **asdict(self))
