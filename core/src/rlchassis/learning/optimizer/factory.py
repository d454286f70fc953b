"""Frozen descriptions of optimizers: the contract that plugins fulfil, and the torch optimizers made by it."""

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
"""The file of the functions that torch wraps around steps."""
OptimizerStep = Callable[[torch.optim.Optimizer], Any]
"""Steps an optimizer along the gradients of its parameters."""


class OptimizerFactory(ConfigPart, ABC):
    """Describes an optimizer."""

    kind: ClassVar[str] = "optimizer"
    elementwise: ClassVar[bool] = False
    """Whether each element is stepped by its own gradient alone, so that parameters may be stored as one flat vector."""

    @abstractmethod
    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """A torch optimizer over these parameters."""

    def create_optimizer(self, module: nn.Module, lr: float) -> torch.optim.Optimizer:
        """A torch optimizer over the trainable parameters of a module."""
        return self.create_optimizer_for_params([p for p in module.parameters() if p.requires_grad], lr)

    def step_of(self, optimizer: torch.optim.Optimizer) -> OptimizerStep:
        """The step of an optimizer made by this factory, called under no_grad and only while no hook is registered on the optimizer."""
        return plain_step(optimizer)


def torch_optimizer_of(factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """What the factory makes; PluginError where that is no torch optimizer."""
    made: Any = factory.create_optimizer_for_params(parameters, lr)
    if not isinstance(made, torch.optim.Optimizer):
        raise PluginError(
            f"{type(factory).__name__}.create_optimizer_for_params returned {type(made).__name__}, expected a torch.optim.Optimizer; "
            "return one over the given parameters."
        )
    return made


def plain_step(optimizer: torch.optim.Optimizer) -> OptimizerStep:
    """The step of a torch optimizer without what torch wraps around it for profilers and hooks, which compilers cannot trace."""
    step: Any = type(optimizer).step
    while hasattr(step, "__wrapped__") and step.__code__.co_filename == WRAPPERS:
        step = step.__wrapped__
    return step  # type: ignore[no-any-return]  # it is a step, wrapped or not
