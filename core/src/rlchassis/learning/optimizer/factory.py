"""Base class of optimizer factories, and the torch optimizers that they create."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import PluginError

WRAPPERS = inspect.getfile(torch.optim.Optimizer)
"""Source file of the functions that torch wraps around optimizer steps."""
OptimizerStep = Callable[[torch.optim.Optimizer], Any]
"""Function that performs one step of an optimizer."""


class OptimizerFactory(ConfigPart, ABC):
    """Factory of a torch optimizer."""

    kind: ClassVar[str] = "optimizer"
    elementwise: ClassVar[bool] = False
    """Whether the update of each element depends on its own gradient only, so that parameters can be stored as one flat vector."""

    @abstractmethod
    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create a torch optimizer for these parameters."""

    def create_optimizer(self, module: nn.Module, lr: float) -> torch.optim.Optimizer:
        """Create a torch optimizer for the trainable parameters of a module."""
        return self.create_optimizer_for_params([p for p in module.parameters() if p.requires_grad], lr)

    def step_of(self, optimizer: torch.optim.Optimizer) -> OptimizerStep:
        """Step function of an optimizer of this factory; called under no_grad, and only if the optimizer has no step hooks."""
        return plain_step(optimizer)


def torch_optimizer_of(factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """Create the factory's optimizer; PluginError if it is not a torch.optim.Optimizer."""
    made: Any = factory.create_optimizer_for_params(parameters, lr)
    if not isinstance(made, torch.optim.Optimizer):
        raise PluginError(
            f"{type(factory).__name__}.create_optimizer_for_params returned {type(made).__name__}, expected a torch.optim.Optimizer; "
            "return one over the given parameters."
        )
    return made


def plain_step(optimizer: torch.optim.Optimizer) -> OptimizerStep:
    """Step function of a torch optimizer without torch's wrappers for profilers and hooks, which compilers cannot trace."""
    step: Any = type(optimizer).step
    while hasattr(step, "__wrapped__") and step.__code__.co_filename == WRAPPERS:
        step = step.__wrapped__
    return step  # type: ignore[no-any-return]  # it is a step, wrapped or not
