"""Where parameters and their gradients are stored: each by itself."""

from __future__ import annotations

from attrs import define, field
from torch import Tensor, nn


@define(eq=False)
class ParameterStorage:
    """The parameters of one optimizer, each a tensor of its own."""

    parameters: list[nn.Parameter]
    reads_gradient: bool = field(default=False, init=False)
    """Whether the gradient of all can be read as one vector without waiting for a device."""
    has_cheap_norm: bool = field(default=False, init=False)
    """Whether the norm of the gradient costs next to nothing; of many tensors it is a tenth of a step."""

    @property
    def stepped(self) -> list[nn.Parameter]:
        """What the torch optimizer is made for."""
        return self.parameters

    @property
    def gradient(self) -> Tensor | None:
        """The gradient of all parameters as one vector [P], where it is stored as one."""
        return None

    def zero_gradients(self) -> None:
        """Remove the gradients."""
        for p in self.parameters:
            p.grad = None

    def gradient_norm(self) -> Tensor:
        """The Euclidean norm [] of the gradient, taken as one vector."""
        return nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])

    def clip_gradients(self, max_norm: float) -> Tensor:
        """Scale the gradient, taken as one vector, to a norm of at most max_norm; returns its norm [] before."""
        norm: Tensor = nn.utils.clip_grad_norm_(self.parameters, max_norm)
        return norm
