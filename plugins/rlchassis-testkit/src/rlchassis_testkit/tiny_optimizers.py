"""Optimizer factories, and a network with a loss, for the tests of gradient steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import Optimizer, OptimizerFactory, gradient_step

ADAM: dict[str, Any] = {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-5, "weight_decay": 0.1}


@frozen
class Adam(OptimizerFactory):
    """torch's Adam with unusual settings."""

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create it."""
        return torch.optim.Adam(params, **{**ADAM, "lr": lr})


class FlatAdam(Adam):
    """The same over one flat vector."""

    elementwise = True


@frozen
class Descent(OptimizerFactory):
    """Gradient descent over one flat vector."""

    elementwise = True

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create it."""
        return torch.optim.SGD(params, lr)


def network() -> nn.Sequential:
    """An MLP from 3 to 2, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def squares(module: nn.Module, scale: float = 1.0) -> Callable[[Tensor], tuple[Tensor, dict[str, Tensor]]]:
    """The loss function scale · Σ output² of batches of inputs, with a metric."""

    def loss(inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = module(inputs)
        return scale * outputs.square().sum(), {"largest": outputs.max()}

    return loss


def inputs(step: int) -> Tensor:
    """The inputs [8, 3] of a step."""
    return torch.randn(8, 3, generator=torch.Generator().manual_seed(step))


def stepped(factory: OptimizerFactory, max_norm: float | None, scale: float = 1.0) -> nn.Sequential:
    """The network after 20 gradient steps."""
    module = network()
    optimizer = Optimizer.create(factory, list(module.parameters()), 0.01)
    for step in range(20):
        gradient_step(optimizer, squares(module, scale), inputs(step), max_norm)
    return module
