"""The optimizer that algorithms hold: one gradient step on a loss, at the learning rate of the schedule."""

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
    """A torch optimizer with the parameters that it steps and its learning-rate schedule."""

    torch_optimizer: torch.optim.Optimizer
    storage: ParameterStorage
    lr: float
    schedule: Schedule | None = None
    role: str = ""
    """What its parameters are for, such as "critic"; named where learning diverges."""
    _step_alone: OptimizerStep = field(default=Factory(lambda self: plain_step(self.torch_optimizer), takes_self=True), kw_only=True)
    """Its step while no hook is registered on it."""

    @classmethod
    def create(
        cls, factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float, schedule: Schedule | None = None, role: str = ""
    ) -> Self:
        """Over these parameters; the modules that own them notice nothing of where they are stored."""
        storage = store(parameters, elementwise=factory.elementwise)
        made = torch_optimizer_of(factory, storage.stepped, lr)
        return cls(made, storage, lr, schedule, role, step_alone=factory.step_of(made))

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters that it steps."""
        return self.storage.parameters

    @property
    def checks_steps(self) -> bool:
        """Whether a non-finite loss or gradient is found before a step; elsewhere that would wait for the device or break a graph."""
        return self.storage.reads_gradient

    @property
    def learning_rate(self) -> float:
        """The current learning rate, of the first parameter group."""
        return float(self.torch_optimizer.param_groups[0].get("lr", self.lr))

    def descend(self, loss: Tensor, max_norm: float | None = None) -> Tensor | None:
        """Step once down the gradient of a loss, clipped to max_norm where given; other parameters get no gradient.

        Returns the norm [] of the gradient before it was clipped, detached and still on its device; None where it is not
        known: of parameters that are not stored as one vector, and whose gradient is not clipped.

        DivergenceError, and no step, where loss or gradient is seen not to be finite.
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
        """Forget the gradients."""
        self.storage.zero_gradients()

    def step(self) -> None:
        """Step along the gradients."""
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
        """No part of a compiled update from now on; only one that was made to be such a part changes."""

    def state_dict(self) -> dict[str, Any]:
        """The state of the torch optimizer, such as its moments."""
        return self.torch_optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take on the state of another optimizer of the same parameters."""
        self.torch_optimizer.load_state_dict(state)
