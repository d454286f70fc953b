"""Natural gradients: Fisher-vector products and the conjugate gradient method.

Parameters are treated as one vector [P], in the order given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad

from rlchassis_toolkit.distributions import ActionDistribution

Product = Callable[[Tensor], Tensor]
"""Matrix-vector product v ↦ A v, without forming the matrix A."""


def flattened(tensors: Iterable[Tensor]) -> Tensor:
    """Tensors flattened and concatenated into one vector [P]."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


@torch.no_grad()
def assign_(parameters: Sequence[nn.Parameter], vector: Tensor) -> None:
    """Copy a vector [P] into parameters, in place and exactly."""
    parts = torch.split(vector, [p.numel() for p in parameters])
    for p, part in zip(parameters, parts, strict=True):
        p.copy_(part.view_as(p))


def flat_gradient(loss: Tensor, parameters: Sequence[nn.Parameter]) -> Tensor:
    """Gradient ∇L as one vector [P], 0 for parameters that the loss does not depend on; the graph is retained."""
    return flattened(grad(loss, parameters, retain_graph=True, materialize_grads=True))


def fisher_vector_product(distribution: ActionDistribution, parameters: Sequence[nn.Parameter], damping: float) -> Product:
    """Damped Fisher-vector product  v ↦ (F + β I) v,  F the Hessian in θ of E[ D(π ‖ π_θ) ] at π = π_θ  (Schulman et al. 2015, C.1).

    F = Jᵀ M J, with J the Jacobian of the distribution's parameters in θ and M the Hessian of the divergence in these: the divergence's
    gradient is 0 there, so that second derivatives of the network vanish.
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
    """Copies of the distribution's differentiable parameters, and the gradients of the mean divergence with respect to them."""
    made: Any = type(distribution)
    parts = [part.detach().requires_grad_(part.requires_grad) for part in distribution]
    free = [part for part in parts if part.requires_grad]
    divergence = made(*(part.detach() for part in parts)).kl(made(*parts)).mean()
    return free, grad(divergence, free, create_graph=True)


def conjugate_gradient(product: Product, vector: Tensor, iterations: int) -> Tensor:
    """Conjugate gradient method: approximate A⁻¹ b for a symmetric positive definite A (Hestenes & Stiefel 1952); exact after P iterations.

    Iterations stop changing the result once the residual is of rounding size, which a singular A would amplify.
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
