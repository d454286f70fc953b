"""Steps of an optimizer on a few parameters: by hand, beside another, and after its state was loaded."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from rlchassis.api import Optimizer, OptimizerFactory

LR = 0.1


def parameters() -> list[nn.Parameter]:
    """A matrix, a vector and an array of three dimensions, always with the same values."""
    rng = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=rng)) for shape in ((3, 5), (7,), (2, 2, 2))]


def weight_after(factory: OptimizerFactory, gradients: Iterable[float], start: float = 1.0) -> float:
    """A weight after a step with each of these gradients."""
    weight = nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimizer = Optimizer.create(factory, [weight], LR)
    for gradient in gradients:
        optimizer.descend((gradient * weight).sum())
    return weight.item()


def descend(optimizer: Optimizer, params: Sequence[nn.Parameter], targets: Iterable[float]) -> None:
    """A step on the loss Σ (p − target)² for each target."""
    for target in targets:
        optimizer.descend(torch.stack([((p - target) ** 2).sum() for p in params]).sum())


def assert_resumes_exactly(factory: OptimizerFactory, params: Sequence[Tensor], steps: int = 8) -> None:
    """Half of the steps, and the rest by an optimizer that loads the state, give the same parameters to the last bit."""
    through, stopped = ([nn.Parameter(p.detach().clone()) for p in params] for _ in range(2))
    descend(Optimizer.create(factory, through, LR), through, range(steps))
    first = Optimizer.create(factory, stopped, LR)
    descend(first, stopped, range(steps // 2))
    resumed = [nn.Parameter(p.detach().clone()) for p in stopped]
    second = Optimizer.create(factory, resumed, LR)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    descend(second, resumed, range(steps // 2, steps))
    assert all(torch.equal(p, q) for p, q in zip(through, resumed, strict=True))
