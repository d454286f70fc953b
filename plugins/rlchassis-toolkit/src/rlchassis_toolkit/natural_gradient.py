"""Gradients measured by how much a policy changes: products with its Fisher matrix, and conjugate gradients to divide by it.

All parameters count as one vector [P] here, in the order in which they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad

from rlchassis_toolkit.distributions import ActionDistribution

Product = Callable[[Tensor], Tensor]
"""v ↦ A v, for a matrix A that nobody writes down."""


def flattened(tensors: Iterable[Tensor]) -> Tensor:
    """Tensors of any shapes as one vector."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


@torch.no_grad()
def assign_(parameters: Sequence[nn.Parameter], vector: Tensor) -> None:
    """Write a vector into parameters, in place, bit for bit."""
    parts = torch.split(vector, [p.numel() for p in parameters])
    for p, part in zip(parameters, parts, strict=True):
        p.copy_(part.view_as(p))


def flat_gradient(loss: Tensor, parameters: Sequence[nn.Parameter]) -> Tensor:
    """∇L, and 0 for what the loss does not depend on; what the loss was computed from can be derived again."""
    return flattened(grad(loss, parameters, retain_graph=True, materialize_grads=True))


def fisher_vector_product(distribution: ActionDistribution, parameters: Sequence[nn.Parameter], damping: float) -> Product:
    """v ↦ (F + β I) v, where F is the second derivative in θ of E[ D(π ‖ π_θ) ] at π = π_θ   (Schulman et al. 2015, appendix C.1).

    With J the derivative of what the distribution is made of, and M the second derivative of the divergence in that, F = Jᵀ M J:
    there the first derivative of the divergence is 0, and with it all that the curvature of the network would add.
    """
    outputs = [part for part in distribution if part.requires_grad]
    probes = [torch.zeros_like(part, requires_grad=True) for part in outputs]
    pulled = flattened(grad(outputs, parameters, probes, create_graph=True, materialize_grads=True))
    free, slopes = _slopes(distribution)

    def product(vector: Tensor) -> Tensor:
        pushed = grad(pulled, probes, vector, retain_graph=True)
        weighed = grad(slopes, free, pushed, retain_graph=True)
        return flattened(grad(outputs, parameters, weighed, retain_graph=True, materialize_grads=True)).add_(vector, alpha=damping)

    return product


def _slopes(distribution: ActionDistribution) -> tuple[list[Tensor], tuple[Tensor, ...]]:
    """Copies of what a distribution is made of, as far as it can move, and the derivatives of the mean divergence by them."""
    made: Any = type(distribution)
    parts = [part.detach().requires_grad_(part.requires_grad) for part in distribution]
    free = [part for part in parts if part.requires_grad]
    divergence = made(*(part.detach() for part in parts)).kl(made(*parts)).mean()
    return free, grad(divergence, free, create_graph=True)


def conjugate_gradient(product: Product, vector: Tensor, iterations: int) -> Tensor:
    """An approximation of A⁻¹ b after some iterations, for a symmetric, positive definite A (Hestenes & Stiefel 1952); exact after P.

    It stands still once what is left is as small as rounding: where A is singular that would be blown up.
    """
    solution, residual, direction = torch.zeros_like(vector), vector.clone(), vector.clone()
    error = residual.dot(residual)
    rounding = error * len(vector) * torch.finfo(vector.dtype).eps ** 2
    for _ in range(iterations):
        image = product(direction)
        length = torch.where(error > rounding, error / direction.dot(image), 0.0)
        solution += length * direction
        residual -= length * image
        before, error = error, residual.dot(residual)
        direction = torch.where(error > rounding, residual + error / before * direction, direction)
    return solution
