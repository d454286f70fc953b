from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis_adamw import OptimizerFactoryAdamW
from rlchassis_testkit.optimizer_steps import LR, weight_after


def test_weights_decay_apart_from_the_gradient_by_hand():
    assert weight_after(OptimizerFactoryAdamW(weight_decay=0.5), [0.0], start=4.0) == pytest.approx(4 * (1 - LR * 0.5))
    assert weight_after(OptimizerFactoryAdamW(weight_decay=0.5, eps=3.0), [3.0], start=4.0) == pytest.approx(
        4 * (1 - LR * 0.5) - LR * 3 / (3 + 3)
    )


def test_without_decay_two_steps_are_those_of_adam_by_hand():
    beta1, beta2 = 0.5, 0.75
    first, second = (1 - beta1) * 1, (1 - beta2) * 1
    first, second = beta1 * first + (1 - beta1) * 3, beta2 * second + (1 - beta2) * 9
    expected = 1 - LR - LR * (first / (1 - beta1**2)) / math.sqrt(second / (1 - beta2**2))
    assert weight_after(OptimizerFactoryAdamW((beta1, beta2), 1e-12, 0.0), [1.0, 3.0]) == pytest.approx(expected)


def test_a_vector_is_stepped_to_the_last_bit_as_torch_steps_it():
    factory = OptimizerFactoryAdamW(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
    first, second = (nn.Parameter(torch.linspace(-1, 1, 128)) for _ in range(2))
    ours, torchs = Optimizer.create(factory, [first], LR), factory.create_optimizer_for_params([second], LR)
    step = super(OptimizerFactoryAdamW, factory).step_of(torchs)
    for count in range(20):
        if count == 5:
            ours.load_state_dict(copy.deepcopy(torchs.state_dict()))
        ours.descend((first * count).sin().sum())
        torchs.zero_grad()
        (second * count).sin().sum().backward()
        with torch.no_grad():
            step(torchs)
    assert torch.equal(first, second)
    assert ours.torch_optimizer.state[ours.storage.stepped[0]]["step"] == 20


class Varied(OptimizerFactoryAdamW):
    """Makes another optimizer than the factory that it inherits its step from."""

    def create_optimizer_for_params(self, params, lr):
        return without_dynamo(torch.optim.AdamW)(params, lr, amsgrad=True, fused=True)


def test_an_optimizer_of_a_subclass_steps_as_in_torch():
    first, second = (nn.Parameter(torch.ones(16)) for _ in range(2))
    ours, torchs = Optimizer.create(Varied(), [first], LR), Varied().create_optimizer_for_params([second], LR)
    step = super(OptimizerFactoryAdamW, Varied()).step_of(torchs)
    for scale in (3.0, 0.0, 0.0):
        ours.descend((first * scale).sum())
        second.grad = torch.full((16,), scale)
        with torch.no_grad():
            step(torchs)
    assert torch.equal(first, second)


def test_a_vector_without_gradient_stays():
    vector = nn.Parameter(torch.ones(3))
    made = OptimizerFactoryAdamW().create_optimizer_for_params([vector], LR)
    step = OptimizerFactoryAdamW().step_of(made)
    with torch.no_grad():
        for gradient in (torch.ones(3), None):
            vector.grad = gradient
            step(made)
    assert made.state[vector]["step"] == 1


@pytest.mark.parametrize("options", [{"betas": (0.9, 1.0)}, {"betas": 0.9}, {"eps": 0.0}, {"weight_decay": -0.1}], ids=str)
def test_an_option_out_of_range_is_refused_by_its_name(options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        OptimizerFactoryAdamW(**options)


def test_two_factories_of_the_same_options_are_equal():
    assert OptimizerFactoryAdamW([0.9, 0.999]) == OptimizerFactoryAdamW()
