from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rlchassis.errors import DivergenceError
from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import Optimizer
from rlchassis_testkit.tiny_optimizers import Descent


def diverging(loss_of):
    """One weight at 1, stepped down a loss of it; what is raised, and the weight afterwards."""
    weight = nn.Parameter(torch.ones(1))
    optimizer = Optimizer.create(Descent(), [weight], 0.1, role="critic")
    gradient_step(optimizer, lambda factor: ((weight * factor).sum(), {}), torch.tensor(0.0))
    with pytest.raises(DivergenceError) as caught:
        gradient_step(optimizer, lambda _: (loss_of(weight), {}), None)
    return caught.value, weight.item()


@pytest.mark.parametrize(
    ("loss_of", "what", "seen"),
    [
        (lambda w: (w * math.nan).sum(), "the loss of role 'critic'", "nan"),
        (lambda w: (w * 1e38 * 10).sum(), "the loss of role 'critic'", "inf"),
        (lambda w: (w - 1).sqrt().sum(), "the gradient of role 'critic'", "inf"),  # √0 is finite, its slope is not
    ],
)
def test_a_loss_or_gradient_that_is_not_finite_is_named_and_never_stepped_with(loss_of, what, seen):
    error, weight = diverging(loss_of)
    assert str(error).startswith(what)
    assert seen in str(error)
    assert not math.isfinite(error.metrics["grad_norm"])
    assert weight == 1


def test_of_a_clipped_gradient_the_norm_is_what_is_looked_at():
    weight = nn.Parameter(torch.ones(1))
    optimizer = Optimizer.create(Descent(), [weight], 0.1, role="actor")
    with pytest.raises(DivergenceError, match="the gradient of role 'actor'"):
        gradient_step(optimizer, lambda _: ((weight - 1).sqrt().sum(), {}), None, max_norm=0.5)


def test_a_finite_gradient_of_infinite_norm_is_applied_and_its_norm_reported_as_the_largest_number():
    weights = nn.Parameter(torch.ones(2))
    optimizer = Optimizer.create(Descent(), [weights], 2e-38)
    metrics = gradient_step(optimizer, lambda _: (((weights - weights.detach()) * 3e38).sum(), {}), None)
    assert weights.tolist() == pytest.approx([-5, -5])
    assert metrics["grad_norm"] == torch.finfo(torch.float32).max
