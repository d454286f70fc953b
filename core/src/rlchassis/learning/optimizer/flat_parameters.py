"""Parameters and their gradients in two vectors, of which they are views: one fused step and one norm for all; modules notice nothing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from attrs import define
from torch import Tensor, nn

from rlchassis.learning.optimizer.parameters import ParameterStorage

ALIGNMENT = 64
"""Bytes."""


def store(parameters: Sequence[nn.Parameter], *, elementwise: bool) -> ParameterStorage:
    """In one vector for an elementwise optimizer, if all are of one type and device; else each by itself."""
    alike = len({(p.dtype, p.device) for p in parameters}) == 1
    return FlatParameters.of(list(parameters)) if elementwise and alike else ParameterStorage(list(parameters))


@define(eq=False)
class FlatParameters(ParameterStorage):
    """Parameters that are views of one vector.

    Each begins where a tensor of its own would, at a multiple of ALIGNMENT: kernels round otherwise elsewhere, and a policy that is
    restored, and no longer flat, would not act to the last bit as the one that was stored.
    """

    flat: nn.Parameter
    """[P], with gaps of zeros between the parameters."""

    def __attrs_post_init__(self) -> None:
        """Ask for the device once."""
        self.reads_gradient, self.has_cheap_norm = self.flat.device.type == "cpu", True

    @classmethod
    def of(cls, parameters: list[nn.Parameter]) -> FlatParameters:
        """Move these parameters, all of one type and device, and their gradients."""
        flat = nn.Parameter(torch.zeros(_places(parameters)[-1], dtype=parameters[0].dtype, device=parameters[0].device))
        for p, part in zip(parameters, _parts(flat.data, parameters), strict=True):
            p.data = part.copy_(p.detach())
        storage = cls(parameters, flat)
        storage._make_gradients()
        return storage

    @property
    def stepped(self) -> list[nn.Parameter]:
        """The one vector."""
        return [self.flat]

    @property
    def gradient(self) -> Tensor | None:
        """That of the one vector."""
        return self.flat.grad

    def zero_gradients(self) -> None:
        """Set them to zero; new ones where they were removed, as by module.zero_grad()."""
        if self.flat.grad is None or any(p.grad is None for p in self.parameters):
            self._make_gradients()
        else:
            self.flat.grad.zero_()

    def gradient_norm(self) -> Tensor:
        """That of the one vector."""
        return super().gradient_norm() if self.flat.grad is None else torch.linalg.vector_norm(self.flat.grad)

    def clip_gradients(self, max_norm: float) -> Tensor:
        """By one norm."""
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
    """Where each parameter begins in the flat vector, and where the last one's place ends."""
    step = max(1, ALIGNMENT // parameters[0].element_size())
    return list(itertools.accumulate((-(-p.numel() // step) * step for p in parameters), initial=0))


def _parts(flat: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    return [flat[start : start + p.numel()].view_as(p) for start, p in zip(_places(parameters), parameters, strict=False)]
