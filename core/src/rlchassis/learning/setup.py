"""What core hands an algorithm under construction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from attrs import define, field
from torch import nn

from rlchassis.config.fields import with_article
from rlchassis.data.randomness import RandomStreams
from rlchassis.errors import UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import LRSchedulerFactory, Optimizer, OptimizerFactory
from rlchassis.registry import Component

log = logging.getLogger(__name__)


@define(eq=False)
class Setup:
    """What core hands an algorithm under construction; all that is made through it is part of the run's state."""

    device: torch.device
    streams: RandomStreams
    total_steps: int
    """Environment steps of the run, for schedules."""
    optimizer_factory: Callable[[Sequence[nn.Parameter], float, str], OptimizerFactory]
    """Which optimizer steps parameters in a role: the recipe's, or what a hook puts in its place."""
    for_graph: bool = False
    """Whether the optimizers are made to be part of a compiled update."""
    optimizers: list[Optimizer] = field(factory=list, init=False)

    def optimizer(
        self, params: Sequence[nn.Parameter], lr: float, role: str, lr_scheduler_factory: LRSchedulerFactory | Component | None = None
    ) -> Optimizer:
        """An optimizer over parameters that no other one steps; ValueError where one is given twice, UsageError where there are none."""
        if not params:
            raise UsageError(f"nothing is left for the {role} to learn: all its parameters are shared; give its network layers of its own.")
        taken = {id(p) for optimizer in self.optimizers for p in optimizer.parameters}
        if len({id(p) for p in params}) < len(params) or taken & {id(p) for p in params}:
            raise ValueError(f"a parameter of role {role!r} would be stepped twice; give unique_parameters to one optimizer.")
        scheduler = resolve(lr_scheduler_factory, LRSchedulerFactory)
        schedule = scheduler.create_schedule(self.total_steps) if scheduler is not None else None
        create = Optimizer.create_for_graph if self.for_graph else Optimizer.create
        optimizer = create(self.optimizer_factory(params, lr, role), params, lr, schedule, role)
        self.optimizers.append(optimizer)
        return optimizer

    def compile(self, algorithm: Algorithm[Any]) -> None:
        """Let the updates of an algorithm made here be compiled, where that was asked for and it has any that can be."""
        if self.for_graph and not algorithm.compile(self._leave_graph):
            log.warning("%s has no update that can be compiled; it is computed step by step.", type(algorithm).__name__)
            self._leave_graph()

    def _leave_graph(self) -> None:
        for optimizer in self.optimizers:
            optimizer.leave_graph()


def resolve(description: Any, contract: type[Any]) -> Any:
    """What a recipe means: a reference becomes the object it names, None stays None; UsageError where it is not of the contract."""
    made = description.create() if isinstance(description, Component) else description
    if made is not None and not isinstance(made, contract):
        raise UsageError(f"expected {with_article(contract)}, got {made!r}; derive its class from rlchassis.api.{contract.__name__}.")
    return made
