"""Optimizer whose step is part of a compiled update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch
from attrs import define, field
from torch import Tensor, nn

from rlchassis.errors import UsageError
from rlchassis.learning.optimizer.factory import OptimizerFactory, torch_optimizer_of
from rlchassis.learning.optimizer.optimizer import Optimizer
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis.learning.optimizer.schedule import Schedule


@define(eq=False)
class GraphOptimizer(Optimizer):
    """Optimizer for compiled updates: separate parameters, no fused kernels, learning rate as a tensor; until it leaves the graph."""

    in_graph: bool = field(default=True, init=False)
    _eager: list[dict[str, Any]] = field(factory=list, kw_only=True)
    """Options of the parameter groups in eager mode."""

    @classmethod
    def create(
        cls, factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float, schedule: Schedule | None = None, role: str = ""
    ) -> Self:
        """Create the optimizer; UsageError for a parameter without dimensions."""
        parameters = list(parameters)
        if any(p.dim() == 0 for p in parameters):  # torch's compiler for CPUs copies float64 ones, and forgets what was written
            raise UsageError("a compiled update does not support parameters without dimensions; give the parameter the shape [1].")
        made = torch_optimizer_of(factory, parameters, lr)
        eager: list[dict[str, Any]] = [
            {name: group[name] for name in ("fused", "foreach", "lr") if name in group} for group in made.param_groups
        ]
        for group, before in zip(made.param_groups, eager, strict=True):
            group.update(dict.fromkeys(before, False), lr=torch.tensor(lr, dtype=torch.float64))
        for p in parameters:
            p.grad = torch.zeros_like(p)
        return cls(made, ParameterStorage(parameters), lr, schedule, role, eager=eager)

    def leave_graph(self) -> None:
        """Switch to eager mode, at the current learning rate."""
        for group, before in zip(self.torch_optimizer.param_groups, self._eager, strict=True):
            group.update(before, lr=float(group["lr"]))
        self.in_graph = False

    def _compute_gradients(self, loss: Tensor) -> None:
        if not self.in_graph:
            super()._compute_gradients(loss)
            return
        gradients = torch.autograd.grad(loss, self.storage.parameters, materialize_grads=True)
        for p, gradient in zip(self.storage.parameters, gradients, strict=True):
            p.grad.copy_(gradient)  # type: ignore[union-attr]  # it has had one since it was made

    def _known_norm(self) -> Tensor | None:
        return self.storage.gradient_norm() if self.in_graph else super()._known_norm()

    def _set_rate(self, rate: float) -> None:
        if not self.in_graph:
            super()._set_rate(rate)
            return
        for group in self.torch_optimizer.param_groups:
            group["lr"] = group["lr"].fill_(rate)
