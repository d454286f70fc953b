"""What a policy wrapper learns on its own, such as the model behind a bonus on rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

import torch
from attrs import define, field
from torch import Generator, Tensor, nn

from rlchassis.api import Metrics, Optimizer, OptimizerFactory, TensorStruct, gradient_step

Learned = TypeVar("Learned", bound=nn.Module)
Batch = TypeVar("Batch", bound=TensorStruct)


@define(eq=False)
class LazyOptimizer:
    """Optimizer that is created with its first step, so that a stored policy loads where it is not installed."""

    factory: OptimizerFactory
    parameters: list[nn.Parameter]
    lr: float
    _made: Optimizer | None = field(default=None, init=False)

    @property
    def made(self) -> Optimizer:
        """The optimizer."""
        if self._made is None:
            self._made = Optimizer.create(self.factory, self.parameters, self.lr)
        return self._made

    def state_dict(self) -> dict[str, Any]:
        """State of the optimizer; empty before its first step."""
        return {} if self._made is None else self._made.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state of an optimizer of the same parameters."""
        if state:
            self.made.load_state_dict(state)


@define(eq=False)
class OwnLearner(Generic[Learned]):
    """A module with an optimizer of its own, for a wrapper that acts without it: checkpoints have both, a stored policy neither."""

    module: Learned
    optimizer: LazyOptimizer
    batch_size: int
    """Rows of a minibatch; fewer than twice as many rows are one minibatch."""
    rng: Generator
    """Random generator of minibatches."""

    @classmethod
    def create(cls, module: Learned, optim_factory: OptimizerFactory, lr: float, batch_size: int) -> Self:
        """Create a learner of the trainable parameters of a module; its generator's seed is drawn from torch's, as initial weights are."""
        parameters = [p for p in module.parameters() if p.requires_grad]
        rng = Generator(parameters[0].device).manual_seed(int(torch.randint(2**62, ())))
        return cls(module, LazyOptimizer(optim_factory, parameters, lr), batch_size, rng)

    def learn(self, rows: Batch, loss: Callable[[Batch], tuple[Tensor, Metrics]]) -> Metrics:
        """One pass over rows [B, …] in shuffled minibatches, a gradient step on the loss for each; returns the means of their metrics."""
        every = [gradient_step(self.optimizer.made, loss, batch) for batch in rows.minibatches(self.batch_size, self.rng)]
        return {name: torch.stack([metrics[name] for metrics in every]).mean() for name in every[0]}
