"""How parameters are stepped: the contracts of optimizers and learning-rate schedules, and the optimizer that algorithms hold."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from attrs import Factory, define, field, frozen
from torch import Tensor, nn

from rlchassis.config import SamplingConfig
from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import instance, number
from rlchassis.errors import DivergenceError, PluginError, UsageError
from rlchassis.learning.flat_parameters import flatten_gradients, flatten_storage

WRAPPERS = inspect.getfile(torch.optim.Optimizer)
"""Where torch keeps what it wraps around steps."""
REMEDY = "try a smaller learning rate or a limit on the gradient norm (max_grad_norm)"
"""Against divergence."""
Schedule = Callable[[float], float]
"""From progress (environment steps done / planned, 0 to 1) to a factor on the learning rate."""
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
        """How an optimizer that this one has made is stepped, without gradients, while no hook waits for its steps."""
        return plain_step(optimizer)


class LRSchedulerFactory(ConfigPart, ABC):
    """Describes how the learning rate changes while a run goes on."""

    kind: ClassVar[str] = "lr_scheduler"

    @abstractmethod
    def create_schedule(self, total_steps: int) -> Schedule:
        """The factor on the learning rate as a function of progress through total_steps environment steps."""


@frozen
class LRSchedulerFactoryLinear(LRSchedulerFactory):
    """Falls in a straight line from the full learning rate to a fraction of it."""

    sampling_config: SamplingConfig | None = instance(SamplingConfig)
    """The run whose length the line spans; None: the run it is used in."""
    final_fraction: float = number(0.0, at_least=0, at_most=1)
    """What is left of the learning rate at the end."""

    def create_schedule(self, total_steps: int) -> Schedule:
        """1 − (1 − final) · progress, held at its end."""
        span = 1.0 if self.sampling_config is None else self.sampling_config.total_steps / total_steps
        return lambda progress: 1 - (1 - self.final_fraction) * min(1.0, progress / span)


@define(eq=False)
class Optimizer:
    """A torch optimizer with the parameters it steps, kept in one flat vector where it is elementwise."""

    torch_optimizer: torch.optim.Optimizer
    parameters: list[nn.Parameter]
    lr: float
    schedule: Schedule | None = None
    flat: nn.Parameter | None = None
    for_graph: bool = False
    """Whether it is made to be part of a compiled update."""
    role: str = field(default="", kw_only=True)
    """What its parameters are for, such as "critic"; named where learning diverges."""
    checks_steps: bool = field(init=False)
    """Whether a non-finite loss or gradient is found before a step; elsewhere that would wait for the device or break a graph."""
    _told: list[dict[str, Any]] = field(factory=list)
    """What the groups of the torch optimizer were told before they were made fit for a graph."""
    _step_alone: OptimizerStep = field(default=Factory(lambda self: plain_step(self.torch_optimizer), takes_self=True), kw_only=True)
    """How it is stepped while no hook waits for that."""

    def __attrs_post_init__(self) -> None:
        """Look where the gradients are."""
        self.checks_steps = self.flat is not None and self.flat.device.type == "cpu"

    @classmethod
    def create(
        cls, factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float, schedule: Schedule | None = None, role: str = ""
    ) -> Optimizer:
        """Over these parameters; the modules that own them notice nothing of where they are stored."""
        parameters = list(parameters)
        flat = flatten_storage(parameters) if factory.elementwise else None
        stepped = parameters if flat is None else [flat]
        made = _made_by(factory, stepped, lr)
        return cls(made, parameters, lr, schedule, flat, role=role, step_alone=factory.step_of(made))

    @classmethod
    def create_for_graph(
        cls, factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float, schedule: Schedule | None = None, role: str = ""
    ) -> Optimizer:
        """One whose step can be part of a graph: each parameter by itself, nothing fused by hand, the learning rate a tensor."""
        parameters = list(parameters)
        if any(p.dim() == 0 for p in parameters):  # torch's compiler for CPUs copies float64 ones, and forgets what was written
            raise UsageError("a parameter without dimensions cannot be stepped within a compiled update; give it the shape [1].")
        made = _made_by(factory, parameters, lr)
        told: list[dict[str, Any]] = [
            {name: group[name] for name in ("fused", "foreach", "lr") if name in group} for group in made.param_groups
        ]
        for group, before in zip(made.param_groups, told, strict=True):
            group.update(dict.fromkeys(before, False), lr=torch.tensor(lr, dtype=torch.float64))
        for p in parameters:
            p.grad = torch.zeros_like(p)
        return cls(made, parameters, lr, schedule, None, for_graph=True, role=role, told=told)

    def leave_graph(self) -> None:
        """Step as ordinary optimizers do from now on."""
        for group, before in zip(self.torch_optimizer.param_groups, self._told, strict=True):
            group.update(before, lr=float(group["lr"]))
        self.for_graph = False

    @property
    def learning_rate(self) -> float:
        """The current learning rate, of the first parameter group."""
        return float(self.torch_optimizer.param_groups[0].get("lr", self.lr))

    def descend(self, loss: Tensor, max_norm: float | None = None) -> Tensor | None:
        """Step once down the gradient of a loss, shrunk to max_norm where given; other parameters get no gradient.

        Returns the norm [] of the gradient before it was shrunk, detached and still on its device; None where it is not
        known: of parameters that are not stored as one vector, and whose gradient is not shrunk.

        DivergenceError, and no step, where loss or gradient is seen not to be finite.
        """
        if not self.for_graph:
            self.zero_grad()
            loss.backward(inputs=self.parameters)  # type: ignore[no-untyped-call]  # torch leaves backward untyped
        else:
            gradients = torch.autograd.grad(loss, self.parameters, materialize_grads=True)
            for p, gradient in zip(self.parameters, gradients, strict=True):
                p.grad.copy_(gradient)  # type: ignore[union-attr]  # it has had one since it was made
        norm = self._known_norm() if max_norm is None else self.clip_gradients(max_norm)
        if self.checks_steps:
            assert norm is not None  # of one vector it is always known
            norm = self._finite_norm(loss, norm)
        self.step()
        return norm

    def _finite_norm(self, loss: Tensor, norm: Tensor) -> Tensor:
        """The norm of the gradient, at most the largest number of its type; DivergenceError where loss or gradient is not finite."""
        gradient: Tensor = self.flat.grad  # type: ignore[union-attr, assignment]  # that there is one is what checks_steps says
        if math.isfinite(loss.item()) and math.isfinite(norm.item()):
            return norm
        if math.isfinite(loss.item()) and torch.isfinite(gradient).all():  # finite numbers whose norm is not
            return norm.clamp(max=torch.finfo(norm.dtype).max)
        seen = {"loss": loss.item(), "grad_norm": torch.linalg.vector_norm(gradient).item()}
        what = "loss" if not math.isfinite(seen["loss"]) else "gradient"
        raise DivergenceError(
            f"the {what} of role {self.role!r} is not finite (loss {seen['loss']:g}, gradient norm {seen['grad_norm']:g}): "
            f"learning diverged, and this step was not taken; {REMEDY}.",
            seen,
        )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        if self.flat is None:
            self.torch_optimizer.zero_grad(set_to_none=True)
        elif self.flat.grad is None or any(p.grad is None for p in self.parameters):  # thrown away, as module.zero_grad() does
            flatten_gradients(self.flat, self.parameters)
        else:
            self.flat.grad.zero_()

    def _known_norm(self) -> Tensor | None:
        """The norm of the gradient where it costs next to nothing: of one vector, or within a graph; of many it is a tenth of a step."""
        return self.gradient_norm() if self.flat is not None or self.for_graph else None

    def gradient_norm(self) -> Tensor:
        """The Euclidean norm [] of the gradient, taken as one vector."""
        if self.flat is not None and self.flat.grad is not None:
            return torch.linalg.vector_norm(self.flat.grad)  # type: ignore[no-any-return]  # torch leaves it untyped
        return nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])

    def clip_gradients(self, max_norm: float) -> Tensor:
        """Shrink the gradient, taken as one vector, to a norm of at most max_norm; the norm [] that it had."""
        if self.flat is None or self.flat.grad is None:
            whole: Tensor = nn.utils.clip_grad_norm_(self.parameters, max_norm)
            return whole
        norm: Tensor = torch.linalg.vector_norm(self.flat.grad)
        self.flat.grad.mul_((max_norm / (norm + 1e-6)).clamp(max=1.0))
        return norm

    def step(self) -> None:
        """Step along the gradients."""
        made = self.torch_optimizer
        if made._optimizer_step_pre_hooks or made._optimizer_step_post_hooks:
            made.step()
            return
        with torch.no_grad():
            self._step_alone(made)

    def set_progress(self, progress: float) -> None:
        """Set the learning rate for how far the run is."""
        if self.schedule is None:
            return
        rate = self.lr * self.schedule(progress)
        for group in self.torch_optimizer.param_groups:
            group["lr"] = group["lr"].fill_(rate) if self.for_graph else rate

    def state_dict(self) -> dict[str, Any]:
        """What the torch optimizer remembers."""
        return self.torch_optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember what another of the same parameters remembered."""
        self.torch_optimizer.load_state_dict(state)


def _made_by(factory: OptimizerFactory, parameters: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    made: Any = factory.create_optimizer_for_params(parameters, lr)
    if not isinstance(made, torch.optim.Optimizer):
        raise PluginError(
            f"{type(factory).__name__}.create_optimizer_for_params returned {type(made).__name__}, expected a torch.optim.Optimizer; "
            "return one over the given parameters."
        )
    return made


def plain_step(optimizer: torch.optim.Optimizer) -> OptimizerStep:
    """The step of a torch optimizer without what torch wraps around it for profilers and hooks, which compilers cannot read."""
    step: Any = type(optimizer).step
    while hasattr(step, "__wrapped__") and step.__code__.co_filename == WRAPPERS:
        step = step.__wrapped__
    return step  # type: ignore[no-any-return]  # it is a step, wrapped or not
