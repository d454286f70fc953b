from __future__ import annotations

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError
from rlchassis_sgd import OptimizerFactorySGD
from rlchassis_testkit.optimizer_steps import LR, assert_resumes_exactly, parameters, weight_after


def test_without_momentum_a_step_follows_the_gradient_by_hand():
    assert weight_after(OptimizerFactorySGD(), [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * 2)


def test_momentum_adds_up_gradients_by_hand():
    assert weight_after(OptimizerFactorySGD(momentum=0.5), [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * (0.5 * 3 + 2))


def test_dampening_leaves_out_a_share_of_later_gradients_by_hand():
    factory = OptimizerFactorySGD(momentum=0.5, dampening=0.25)
    assert weight_after(factory, [3.0, 2.0]) == pytest.approx(1 - LR * 3 - LR * (0.5 * 3 + 0.75 * 2))


def test_nesterovs_momentum_looks_ahead_by_hand():
    first, second = 3, 0.5 * 3 + 2
    assert weight_after(OptimizerFactorySGD(momentum=0.5, nesterov=True), [3.0, 2.0]) == pytest.approx(
        1 - LR * (3 + 0.5 * first) - LR * (2 + 0.5 * second)
    )


def test_weights_decay_as_an_l2_penalty():
    assert weight_after(OptimizerFactorySGD(weight_decay=0.5), [0.0], start=4.0) == pytest.approx(4 - LR * 2)


def test_only_momentum_is_stepped_fused():
    vector = [nn.Parameter(torch.ones(3))]
    assert [OptimizerFactorySGD(m).create_optimizer_for_params(vector, LR).defaults["fused"] for m in (0.0, 0.9)] == [None, True]


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_its_state_goes_on_to_the_last_bit(options):
    factory = OptimizerFactorySGD(**options)
    assert len(Optimizer.create(factory, parameters(), LR).storage.stepped) == 1
    assert_resumes_exactly(factory, parameters())


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
