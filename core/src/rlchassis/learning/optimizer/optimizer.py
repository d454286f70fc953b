"""Optimizer of algorithms: a gradient step on a loss, with gradient clipping and a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch
from attrs import Factory, define, field
from torch import Tensor, nn

from rlchassis.learning.optimizer.divergence import finite_norm
from rlchassis.learning.optimizer.factory import OptimizerFactory, OptimizerStep, plain_step, torch_optimizer_of
from rlchassis.learning.optimizer.flat_parameters import store
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis.learning.optimizer.schedule import Schedule


@define(eq=False)
class Optimizer:
    """A torch optimizer with its parameters and learning-rate schedule."""

    torch_optimizer: torch.optim.Optimizer
    storage: ParameterStorage
    lr: float
    schedule: Schedule | None = None
    role: str = ""
    """Role of its parameters, such as "critic", for metrics and messages."""
    is_held: bool = field(default=False, init=False)
    """Whether steps change nothing for now."""
    _step_alone: OptimizerStep = field(default=Factory(lambda self: plain_step(self.torch_optimizer), takes_self=True), kw_only=True)
    """Step function used if the torch optimizer has no step hooks."""

    @classmethod
    def create(
        cls, factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float, schedule: Schedule | None = None, role: str = ""
    ) -> Self:
        """Create the optimizer for these parameters, which may move them to a flat vector, transparently to their modules."""
        storage = store(parameters, elementwise=factory.elementwise)
        made = torch_optimizer_of(factory, storage.stepped, lr)
        return cls(made, storage, lr, schedule, role, step_alone=factory.step_of(made))

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The optimized parameters."""
        return self.storage.parameters

    @property
    def checks_steps(self) -> bool:
        """Whether non-finite losses and gradients are detected before a step; on a GPU that would synchronize, in a graph break it."""
        return self.storage.reads_gradient

    @property
    def learning_rate(self) -> float:
        """Current learning rate of the first parameter group."""
        return float(self.torch_optimizer.param_groups[0].get("lr", self.lr))

    def descend(self, loss: Tensor, max_norm: float | None = None) -> Tensor | None:
        """One gradient descent step on a loss, clipped to max_norm if given; parameters of other optimizers get no gradient.

        Returns the gradient norm [] before clipping, detached, on its device; None if it is not computed, without clipping and
        with separate parameters.

        DivergenceError, without a step, if loss or gradient is non-finite and checks_steps.
        """
        storage = self.storage
        self._compute_gradients(loss)
        norm = self._known_norm() if max_norm is None else storage.clip_gradients(max_norm)
        if storage.reads_gradient and storage.gradient is not None and norm is not None:
            norm = finite_norm(loss, storage.gradient, norm, self.role)
        self.step()
        return norm

    def _known_norm(self) -> Tensor | None:
        return self.storage.gradient_norm() if self.storage.has_cheap_norm else None

    def _compute_gradients(self, loss: Tensor) -> None:
        self.zero_grad()
        loss.backward(inputs=self.storage.parameters)  # type: ignore[no-untyped-call]  # torch leaves backward untyped

    def zero_grad(self) -> None:
        """Clear the gradients."""
        self.storage.zero_gradients()

    def step(self) -> None:
        """Step with the current gradients, unless it is held."""
        if self.is_held:
            return
        made = self.torch_optimizer
        if made._optimizer_step_pre_hooks or made._optimizer_step_post_hooks:
            made.step()
            return
        with torch.no_grad():
            self._step_alone(made)

    def set_progress(self, progress: float) -> None:
        """Set the learning rate to lr · schedule(progress); called before every collection."""
        if self.schedule is not None:
            self._set_rate(self.lr * self.schedule(progress))

    def _set_rate(self, rate: float) -> None:
        for group in self.torch_optimizer.param_groups:
            group["lr"] = rate

    def leave_graph(self) -> None:
        """Switch to eager mode; does nothing for an optimizer that is not part of a graph."""

    def state_dict(self) -> dict[str, Any]:
        """state_dict of the torch optimizer, such as moments."""
        return self.torch_optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state of an optimizer of the same parameters."""
        self.torch_optimizer.load_state_dict(state)
