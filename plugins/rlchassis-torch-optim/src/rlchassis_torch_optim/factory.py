"""Factory of the optimizers of torch.optim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from rlchassis.api import OptimizerFactory, UsageError, without_dynamo
from rlchassis_torch_optim.classes import ELEMENTWISE, FASTER_FUSED, is_of_torch, optimizer_class, require_options


class OptimizerFactoryTorch(OptimizerFactory):
    """Optimizer of torch.optim by the name of its class, with its keyword arguments; `name` may be an Optimizer class of your own."""

    def __init__(self, name: str | type[Optimizer] | None = None, **options: Any) -> None:
        """UsageError for an unknown class or option, or an option out of range."""
        kind = optimizer_class(name)
        self.name: str | type[Optimizer] = kind.__name__ if is_of_torch(kind) else kind
        self.options = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
        require_options(kind, self.options)
        self._created([nn.Parameter(torch.zeros(1, 1))], 1e-3)

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # it depends on the class
        """Whether parameters can be stored as one flat vector."""
        return self.name in ELEMENTWISE

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> Optimizer:
        """Create the optimizer, after a trial step; UsageError if torch refuses parameters or options."""
        trial = nn.Parameter(torch.zeros_like(params[0]))
        trial.grad = torch.zeros_like(trial)
        self._stepped(self._created([trial], lr))
        return self._created(params, lr)

    def _created(self, params: Sequence[nn.Parameter], lr: float) -> Optimizer:
        chosen = {"fused", "foreach", "capturable", "differentiable"} & self.options.keys()
        quick = {"fused": True} if self.name in FASTER_FUSED and not chosen else {}
        kind: Any = without_dynamo(optimizer_class(self.name))
        try:
            made: Optimizer = kind(params, lr=lr, **quick, **self.options)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            raise UsageError(f"{kind.__name__} refuses its options: {_brief(error)}.") from error
        return made

    def _stepped(self, optimizer: Optimizer) -> None:
        try:
            with torch.no_grad():
                self.step_of(optimizer)(optimizer)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            raise UsageError(f"{type(optimizer).__name__} cannot take a step with these options: {_brief(error)}.") from error

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.options))))

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"{type(self).__name__}({self.name!r}{options})"


def _brief(error: Exception) -> str:
    """First line of an error's message, without its full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
