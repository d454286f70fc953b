from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError
from rlchassis_sgd import OptimizerFactorySGD

LR = 0.1


def stepped(factory: OptimizerFactorySGD, gradients: list[float], start: float = 1.0) -> float:
    """A weight after steps with these gradients."""
    weight = nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimizer = Optimizer.create(factory, [weight], LR)
    for gradient in gradients:
        optimizer.descend((gradient * weight).sum())
    return weight.item()


def test_without_momentum_a_step_follows_the_gradient_by_hand():
    assert stepped(OptimizerFactorySGD(), [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * 2)


def test_momentum_adds_up_gradients_by_hand():
    assert stepped(OptimizerFactorySGD(momentum=0.5), [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * (0.5 * 3 + 2))


def test_dampening_leaves_out_a_share_of_later_gradients_by_hand():
    assert stepped(OptimizerFactorySGD(momentum=0.5, dampening=0.25), [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * (0.5 * 3 + 0.75 * 2))


def test_nesterovs_momentum_looks_ahead_by_hand():
    first, second = 3, 0.5 * 3 + 2
    assert stepped(OptimizerFactorySGD(momentum=0.5, nesterov=True), [3.0, 2.0]) == pytest.approx(
        1 - LR * (3 + 0.5 * first) - LR * (2 + 0.5 * second)
    )


def test_weights_decay_as_an_l2_penalty():
    assert stepped(OptimizerFactorySGD(weight_decay=0.5), [0.0], start=4.0) == pytest.approx(4 - LR * 2)


def test_only_momentum_is_stepped_fused():
    vector = [nn.Parameter(torch.ones(3))]
    assert [OptimizerFactorySGD(m).create_optimizer_for_params(vector, LR).defaults["fused"] for m in (0.0, 0.9)] == [None, True]


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_its_state_goes_on_to_the_last_bit(options):
    through, stopped, resumed = ([nn.Parameter(torch.linspace(-1, 1, 20)), nn.Parameter(torch.ones(3))] for _ in range(3))
    one, two, three = (Optimizer.create(OptimizerFactorySGD(**options), params, LR) for params in (through, stopped, resumed))
    assert len(one.storage.stepped) == 1

    def descend(optimizer: Optimizer, params: list[nn.Parameter], steps: range) -> None:
        for step in steps:
            optimizer.descend(sum((p - step).sin().sum() for p in params))

    descend(one, through, range(8))
    descend(two, stopped, range(4))
    with torch.no_grad():
        for p, value in zip(resumed, stopped, strict=True):
            p.copy_(value)
    three.load_state_dict(copy.deepcopy(two.state_dict()))
    descend(three, resumed, range(4, 8))
    assert all(torch.equal(p, q) for p, q in zip(through, resumed, strict=True))


@pytest.mark.parametrize("options", [{"momentum": 1.0}, {"dampening": 2.0}, {"weight_decay": -0.1}, {"nesterov": 1}], ids=str)
def test_an_option_out_of_range_is_refused_by_its_name(options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        OptimizerFactorySGD(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nesterov": True}, "nesterov needs a momentum above 0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.5}, "nesterov needs a momentum above 0 and no dampening"),
        ({"dampening": 0.5}, "dampening has no effect without momentum"),
    ],
)
def test_an_option_without_effect_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        OptimizerFactorySGD(**options)
