"""Parameters and gradients as views of two flat vectors, for one fused step and one norm; transparent to modules."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from attrs import define
from torch import Tensor, nn

from rlchassis.learning.optimizer.parameters import ParameterStorage

ALIGNMENT = 64
"""Alignment of each parameter in the flat vector, in bytes."""


def store(parameters: Sequence[nn.Parameter], *, elementwise: bool) -> ParameterStorage:
    """One flat vector for an elementwise optimizer, if all have the same dtype and device; otherwise separate tensors."""
    alike = len({(p.dtype, p.device) for p in parameters}) == 1
    return FlatParameters.of(list(parameters)) if elementwise and alike else ParameterStorage(list(parameters))


@define(eq=False)
class FlatParameters(ParameterStorage):
    """Parameters that are views of one flat vector.

    Each starts at a multiple of ALIGNMENT, as separate tensors do: kernels round differently on unaligned memory, and a restored
    policy, whose parameters are separate, would not reproduce the actions of the stored one exactly.
    """

    flat: nn.Parameter
    """Flat vector [P], with zero padding between the parameters."""

    def __attrs_post_init__(self) -> None:
        """Cache properties of the device."""
        self.reads_gradient, self.has_cheap_norm = self.flat.device.type == "cpu", True

    @classmethod
    def of(cls, parameters: list[nn.Parameter]) -> FlatParameters:
        """Move parameters of one dtype and device, and their gradients, to a flat vector."""
        flat = nn.Parameter(torch.zeros(_places(parameters)[-1], dtype=parameters[0].dtype, device=parameters[0].device))
        for p, part in zip(parameters, _parts(flat.data, parameters), strict=True):
            p.data = part.copy_(p.detach())
        storage = cls(parameters, flat)
        storage._make_gradients()
        return storage

    @property
    def stepped(self) -> list[nn.Parameter]:
        """The flat vector."""
        return [self.flat]

    @property
    def gradient(self) -> Tensor | None:
        """See ParameterStorage."""
        return self.flat.grad

    def zero_gradients(self) -> None:
        """Set gradients to zero; recreate them if they were removed, as by module.zero_grad()."""
        if self.flat.grad is None or any(p.grad is None for p in self.parameters):
            self._make_gradients()
        else:
            self.flat.grad.zero_()

    def gradient_norm(self) -> Tensor:
        """See ParameterStorage."""
        return super().gradient_norm() if self.flat.grad is None else torch.linalg.vector_norm(self.flat.grad)

    def clip_gradients(self, max_norm: float) -> Tensor:
        """See ParameterStorage."""
        if self.flat.grad is None:
            return super().clip_gradients(max_norm)
        norm: Tensor = torch.linalg.vector_norm(self.flat.grad)
        self.flat.grad.mul_((max_norm / (norm + 1e-6)).clamp(max=1.0))
        return norm

    def _make_gradients(self) -> None:
        self.flat.grad = torch.zeros_like(self.flat)
        for p, part in zip(self.parameters, _parts(self.flat.grad, self.parameters), strict=True):
            p.grad = part


def _places(parameters: Sequence[nn.Parameter]) -> list[int]:
    """Offset of each parameter in the flat vector, and its total length."""
    step = max(1, ALIGNMENT // parameters[0].element_size())
    return list(itertools.accumulate((-(-p.numel() // step) * step for p in parameters), initial=0))


def _parts(flat: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    return [flat[start : start + p.numel()].view_as(p) for start, p in zip(_places(parameters), parameters, strict=False)]
