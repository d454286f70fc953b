"""Setup: what create_algorithm gets for building optimizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from attrs import define, field
from torch import nn

from rlchassis.config.fields import with_article
from rlchassis.data.randomness import RandomStreams
from rlchassis.errors import UsageError
from rlchassis.learning.optimizer import GraphOptimizer, LRSchedulerFactory, Optimizer, OptimizerFactory, schedule_of
from rlchassis.registry import Component


@define(eq=False)
class Setup:
    """Services for create_algorithm: device, random streams and optimizers; optimizers created by it are part of the run's state.

    From params.lr to an optimizer step, in call order:

    1. create_algorithm of the agent factory calls `setup.optimizer(params, lr, role, lr_scheduler_factory)`.
    2. `setup.optimizer_factory(role)` asks the hook rlchassis_make_optimizer, which by default returns the configured OptimizerFactory.
    3. `Optimizer.create` calls `factory.create_optimizer_for_params(params, lr)`, which makes the torch optimizer.
    4. Before every collection the trainer calls `Optimizer.set_progress(progress)`: the rate becomes lr · schedule(progress).
    5. The algorithm's update calls `gradient_step(optimizer, loss, batch)`, and that `Optimizer.descend(loss)`: gradient, clipping, step.
    """

    device: torch.device
    streams: RandomStreams
    total_steps: int
    """Environment steps of the run, for schedules."""
    optimizer_factory: Callable[[str], OptimizerFactory]
    """The optimizer of a role, such as "critic": that of the configuration, or the result of the hook rlchassis_make_optimizer."""
    for_graph: bool = False
    """Whether optimizers are part of compiled updates."""
    optimizers: list[Optimizer] = field(factory=list, init=False)

    @classmethod
    def outside_of_a_run(
        cls, optim_factory: OptimizerFactory | Component, total_steps: int, *, seed: int = 0, device: str = "cpu", for_graph: bool = False
    ) -> Setup:
        """Setup for unit tests of algorithms: one optimizer factory for every role, random streams of a seed."""
        factory: OptimizerFactory = resolve(optim_factory, OptimizerFactory)
        return cls(torch.device(device), RandomStreams(seed), total_steps, lambda role: factory, for_graph)

    def optimizer(
        self, params: Sequence[nn.Parameter], lr: float, role: str, lr_scheduler_factory: LRSchedulerFactory | Component | None = None
    ) -> Optimizer:
        """Create an optimizer for parameters without one; ValueError if a parameter has one already, UsageError if there are none."""
        if not params:
            raise UsageError(f"nothing is left for the {role} to learn: all its parameters are shared; give its network layers of its own.")
        taken = {id(p) for optimizer in self.optimizers for p in optimizer.parameters}
        if len({id(p) for p in params}) < len(params) or taken & {id(p) for p in params}:
            raise ValueError(f"a parameter of role {role!r} would be stepped twice; give unique_parameters to one optimizer.")
        scheduler = resolve(lr_scheduler_factory, LRSchedulerFactory)
        schedule = schedule_of(scheduler, self.total_steps) if scheduler is not None else None
        kind = GraphOptimizer if self.for_graph else Optimizer
        optimizer = kind.create(self.optimizer_factory(role), params, lr, schedule, role)
        self.optimizers.append(optimizer)
        return optimizer


def resolve(configured: Any, contract: type[Any]) -> Any:
    """Create the object of a Component; other values unchanged. UsageError if the result is not an instance of the contract."""
    created = configured.create() if isinstance(configured, Component) else configured
    if created is not None and not isinstance(created, contract):
        raise UsageError(f"expected {with_article(contract)}, got {created!r}; derive its class from rlchassis.api.{contract.__name__}.")
    return created
