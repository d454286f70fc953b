from __future__ import annotations

import pytest
import torch
from torch import nn

from rlchassis.errors import PluginError
from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import Optimizer
from rlchassis_testkit.tiny_optimizers import Descent


class Guesser:
    """Stands for an algorithm with a loss that answers something."""

    def __init__(self, answer):
        self.answer = answer

    def _loss(self, batch):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((torch.ones(4), {}), r"^Guesser\._loss returned a loss of shape \[4\], expected a scalar; return loss\.mean\(\)\.$"),
        (torch.tensor(1.0), r"^Guesser\._loss returned Tensor, expected a loss and a dict of metrics; write `return loss, \{\}`\.$"),
        (None, r"^Guesser\._loss returned NoneType, expected a loss and a dict"),
        ((torch.tensor(1.0), None), r"^Guesser\._loss returned tuple, expected a loss and a dict"),
        ((1.0, {}), r"^Guesser\._loss returned tuple, expected a loss and a dict"),
    ],
)
def test_an_invalid_loss_is_refused_with_the_method_that_returned_it(answer, said):
    optimizer = Optimizer.create(Descent(), [nn.Parameter(torch.ones(1))], 0.1)
    with pytest.raises(PluginError, match=said):
        gradient_step(optimizer, Guesser(answer)._loss, None)


def test_a_loss_of_one_number_in_a_vector_is_a_loss():
    weight = nn.Parameter(torch.ones(1))
    metrics = gradient_step(Optimizer.create(Descent(), [weight], 0.1), lambda _: (weight * 2, {}), None)
    assert (metrics["loss"].shape, weight.item()) == (torch.Size([]), pytest.approx(0.8))


def test_a_metric_of_a_loss_that_is_no_tensor_is_refused_with_its_name():
    weight = nn.Parameter(torch.ones(1))
    with pytest.raises(PluginError, match=r"^Guesser\._loss returned metrics \{'kl': 'float'\}, expected tensors"):
        gradient_step(Optimizer.create(Descent(), [weight], 0.1), Guesser((weight.sum(), {"kl": 0.5}))._loss, None)


def test_an_optimizer_of_torch_itself_is_refused_in_a_gradient_step():
    weight = nn.Parameter(torch.ones(1))
    with pytest.raises(PluginError, match=r"gradient_step of Guesser\._loss got SGD, expected an Optimizer .*setup\.optimizer"):
        gradient_step(torch.optim.SGD([weight], 0.1), Guesser((weight.sum(), {}))._loss, None)
