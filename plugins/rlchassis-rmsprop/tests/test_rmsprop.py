from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_rmsprop import OptimizerFactoryRMSprop

LR = 0.1
OPTIONS = [
    {},
    {"alpha": 0.9, "eps": 1e-5, "weight_decay": 0.1},
    {"momentum": 0.9},
    {"centered": True},
    {"momentum": 0.5, "centered": True, "weight_decay": 0.01},
]


def stepped(factory: OptimizerFactoryRMSprop, gradients: list[float], start: float = 1.0) -> float:
    """A weight after steps with these gradients."""
    weight = nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimizer = Optimizer.create(factory, [weight], LR)
    for gradient in gradients:
        optimizer.descend((gradient * weight).sum())
    return weight.item()


def parts() -> list[nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=rng)) for shape in ((3, 5), (7,), (2, 2, 2))]


def descend(optimizer: Optimizer, params: list[nn.Parameter], steps: range) -> None:
    for step in steps:
        optimizer.descend(sum(((p - step) ** 2).sum() for p in params))


def test_epsilon_is_added_to_the_root_by_hand():
    v = 0.25 * 9
    assert stepped(OptimizerFactoryRMSprop(alpha=0.75, eps=0.5), [3.0]) == pytest.approx(1 - LR * 3 / (math.sqrt(v) + 0.5))


def test_epsilon_is_added_below_the_root_by_hand():
    v = 0.25 * 9
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, eps_in_root=True)
    assert stepped(factory, [3.0]) == pytest.approx(1 - LR * 3 / math.sqrt(v + 0.5))


def test_two_steps_of_tensorflow_1_by_hand():
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, eps_in_root=True, initial_square=1.0)
    first = 0.75 * 1 + 0.25 * 9
    second = 0.75 * first + 0.25 * 4
    expected = 1 - LR * 3 / math.sqrt(first + 0.5) - LR * 2 / math.sqrt(second + 0.5)
    assert stepped(factory, [3.0, 2.0]) == pytest.approx(expected)


def test_momentum_and_centring_by_hand():
    factory = OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, momentum=0.5, centered=True, eps_in_root=True)
    v, m = 0.25 * 9, 0.25 * 3
    momentum = 3 / math.sqrt(v - m * m + 0.5)
    weight = 1 - LR * momentum
    v, m = 0.75 * v + 0.25 * 4, 0.75 * m + 0.25 * 2
    weight -= LR * (0.5 * momentum + 2 / math.sqrt(v - m * m + 0.5))
    assert stepped(factory, [3.0, 2.0]) == pytest.approx(weight)


def test_weights_decay_as_an_l2_penalty():
    assert stepped(OptimizerFactoryRMSprop(alpha=0.75, eps=0.5, weight_decay=0.5), [0.0], start=4.0) == pytest.approx(
        4 - LR * 2 / (1 + 0.5)
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_torchs_epsilon_it_steps_as_torch_does(options):
    first, second = parts(), parts()
    torchs = without_dynamo(torch.optim.RMSprop)(second, LR, **options)
    ours = Optimizer.create(OptimizerFactoryRMSprop(**options), first, LR)
    assert len(ours.storage.stepped) == 1
    descend(ours, first, range(10))
    descend(Optimizer(torchs, ParameterStorage(second), LR), second, range(10))
    for mine, theirs in zip(first, second, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("options", [*OPTIONS, {"eps_in_root": True, "initial_square": 1.0}], ids=str)
def test_its_state_goes_on_to_the_last_bit(options):
    through, stopped, resumed = parts(), parts(), parts()
    factory = OptimizerFactoryRMSprop(**options)
    one, two, three = (Optimizer.create(factory, params, LR) for params in (through, stopped, resumed))
    descend(one, through, range(8))
    descend(two, stopped, range(4))
    with torch.no_grad():
        for p, value in zip(resumed, stopped, strict=True):
            p.copy_(value)
    three.load_state_dict(copy.deepcopy(two.state_dict()))
    descend(three, resumed, range(4, 8))
    assert all(torch.equal(p, q) for p, q in zip(through, resumed, strict=True))


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
