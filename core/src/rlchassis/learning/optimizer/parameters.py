"""Storage of parameters and gradients as separate tensors."""

from __future__ import annotations

from attrs import define, field
from torch import Tensor, nn


@define(eq=False)
class ParameterStorage:
    """Parameters of one optimizer, as separate tensors."""

    parameters: list[nn.Parameter]
    reads_gradient: bool = field(default=False, init=False)
    """Whether the gradient can be read as one vector without synchronizing with a device."""
    has_cheap_norm: bool = field(default=False, init=False)
    """Whether the gradient norm is cheap; of many separate tensors it costs a tenth of a step."""

    @property
    def stepped(self) -> list[nn.Parameter]:
        """Parameters of the torch optimizer."""
        return self.parameters

    @property
    def gradient(self) -> Tensor | None:
        """Gradient of all parameters as one vector [P], if stored as one."""
        return None

    def zero_gradients(self) -> None:
        """Set the gradients to None."""
        for p in self.parameters:
            p.grad = None

    def gradient_norm(self) -> Tensor:
        """Euclidean norm [] of the gradient over all parameters."""
        return nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])

    def clip_gradients(self, max_norm: float) -> Tensor:
        """Clip the gradient norm over all parameters to max_norm; returns the norm [] before clipping."""
        norm: Tensor = nn.utils.clip_grad_norm_(self.parameters, max_norm)
        return norm
