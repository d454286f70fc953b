from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_rmsprop import OptimizerFactoryRMSprop
from rlchassis_testkit.optimizer_steps import LR, assert_resumes_exactly, descend, parameters, weight_after

OPTIONS = [
    {},
    {"alpha": 0.9, "eps": 1e-5, "weight_decay": 0.1},
    {"momentum": 0.9},
    {"centered": True},
    {"momentum": 0.5, "centered": True, "weight_decay": 0.01},
]


def test_epsilon_is_added_to_the_root_by_hand():
    v = 0.25 * 9
    assert weight_after(OptimizerFactoryRMSprop(alpha=0.75, eps=0.5), [3.0]) == pytest.approx(1 - LR * 3 / (math.sqrt(v) + 0.5))


def test_epsilon_is_added_below_the_root_by_hand():
    v = 0.25 * 9
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, eps_in_root=True)
    assert weight_after(factory, [3.0]) == pytest.approx(1 - LR * 3 / math.sqrt(v + 0.5))


def test_two_steps_of_tensorflow_1_by_hand():
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, eps_in_root=True, initial_square=1.0)
    first = 0.75 * 1 + 0.25 * 9
    second = 0.75 * first + 0.25 * 4
    expected = 1 - LR * 3 / math.sqrt(first + 0.5) - LR * 2 / math.sqrt(second + 0.5)
    assert weight_after(factory, [3.0, 2.0]) == pytest.approx(expected)


def test_momentum_and_centring_by_hand():
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, momentum=0.5, centered=True, eps_in_root=True)
    v, m = 0.25 * 9, 0.25 * 3
    momentum = 3 / math.sqrt(v - m * m + 0.5)
    weight = 1 - LR * momentum
    v, m = 0.75 * v + 0.25 * 4, 0.75 * m + 0.25 * 2
    weight -= LR * (0.5 * momentum + 2 / math.sqrt(v - m * m + 0.5))
    assert weight_after(factory, [3.0, 2.0]) == pytest.approx(weight)


def test_weights_decay_as_an_l2_penalty():
    assert weight_after(OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, weight_decay=0.5), [0.0], start=4.0) == pytest.approx(
        4 - LR * 2 / (1 + 0.5)
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_torchs_epsilon_it_steps_as_torch_does(options):
    first, second = parameters(), parameters()
    torchs = without_dynamo(torch.optim.RMSprop)(second, LR, **options)
    ours = Optimizer.create(OptimizerFactoryRMSprop(**options), first, LR)
    assert len(ours.storage.stepped) == 1
    descend(ours, first, range(10))
    descend(Optimizer(torchs, ParameterStorage(second), LR), second, range(10))
    for mine, theirs in zip(first, second, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("options", [*OPTIONS, {"eps_in_root": True, "initial_square": 1.0}], ids=str)
def test_its_state_goes_on_to_the_last_bit(options):
    assert_resumes_exactly(OptimizerFactoryRMSprop(**options), parameters())


def test_a_parameter_without_gradient_stays():
    vector = nn.Parameter(torch.ones(3))
    factory = OptimizerFactoryRMSprop(weight_decay=0.1)
    made = factory.create_optimizer_for_params([vector], LR)
    factory.step_of(made)(made)
    assert torch.equal(vector, torch.ones(3))


@pytest.mark.parametrize(
    "options", [{"alpha": 1.0}, {"eps": 0.0}, {"weight_decay": -0.1}, {"momentum": 1.0}, {"initial_square": -1.0}, {"centered": 1}], ids=str
)
def test_an_option_out_of_range_is_refused_by_its_name(options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        OptimizerFactoryRMSprop(**options)
