from __future__ import annotations

import pickle

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_testkit.optimizer_steps import LR, assert_resumes_exactly, descend, parameters, weight_after
from rlchassis_torch_optim import OptimizerFactoryTorch
from rlchassis_torch_optim.classes import ELEMENTWISE, UNUSABLE, optimizer_class

NAMES = sorted(name for name, kind in vars(torch.optim).items() if isinstance(kind, type) and name not in ("Optimizer", *UNUSABLE))


class Sign(torch.optim.Optimizer):
    """Steps along the sign of the gradient."""

    def __init__(self, params, lr, scale=1.0):
        super().__init__(params, {"lr": lr, "scale": scale})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(p.grad.sign() * group["lr"] * group["scale"])


def torchs_own(kind, params) -> Optimizer:
    """torch's optimizer with its defaults, over separate parameters."""
    return Optimizer(without_dynamo(kind)(params, lr=LR), ParameterStorage(params), LR)


def test_a_step_of_a_named_class_by_hand():
    assert weight_after(OptimizerFactoryTorch("SGD", momentum=0.5), [2.0, 2.0]) == pytest.approx(1 - LR * 2 - LR * (0.5 * 2 + 2))


@pytest.mark.parametrize("name", NAMES)
def test_every_usable_class_steps_as_torchs_own(name):
    first, second = parameters(), parameters()
    factory = OptimizerFactoryTorch(name)
    ours = Optimizer.create(factory, first, LR)
    assert len(ours.storage.stepped) == (1 if name in ELEMENTWISE else 3)
    descend(ours, first, range(5))
    descend(torchs_own(getattr(torch.optim, name), second), second, range(5))
    for mine, theirs in zip(first, second, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_state_of_every_usable_class_goes_on_to_the_last_bit(name):
    assert_resumes_exactly(OptimizerFactoryTorch(name), parameters())


def test_elementwise_classes_are_all_of_torch():
    assert set(NAMES) >= ELEMENTWISE


@pytest.mark.parametrize(("options", "fused"), [({}, True), ({"fused": False}, False), ({"foreach": True}, None)])
def test_a_fused_step_is_taken_unless_another_is_asked_for(options, fused):
    made = OptimizerFactoryTorch("AdamW", **options).create_optimizer_for_params(parameters(), LR)
    assert made.defaults["fused"] is fused


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("Nadm",), {}, 'torch.optim has no optimizer "Nadm". Did you mean "NAdam"?'),
        (("Momentum",), {}, 'torch.optim has no optimizer "Momentum". There are: ASGD, Adadelta'),
        ((), {}, "expected the name of a class of torch.optim, got None; write name=NAdam, for example."),
        ((nn.Linear,), {}, "expected the name of a class of torch.optim, got <class"),
        (("Optimizer",), {}, 'torch.optim has no optimizer "Optimizer"'),
        (("LBFGS",), {}, "torch.optim.LBFGS cannot be used here: it evaluates the loss several times per step."),
        (("Muon",), {}, "the optimizer muon of rlchassis-muon"),
        (("NAdam",), {"bets": (0.9, 0.99)}, 'NAdam has no option "bets". Did you mean "betas"?'),
        (("NAdam",), {"lr": 1e-3}, "lr is no option of NAdam: the learning rate is set by params.lr"),
        (("NAdam",), {"betas": (0.9, 3)}, "NAdam refuses its options: Invalid beta parameter at index 1: 3."),
        (("NAdam",), {"betas": 3}, "NAdam refuses its options: "),
        ((Sign,), {"scal": 2.0}, 'Sign has no option "scal". Did you mean "scale"?'),
    ],
)
def test_an_unknown_class_or_option_is_refused_with_the_nearest(arguments, options, message):
    with pytest.raises(UsageError) as caught:
        OptimizerFactoryTorch(*arguments, **options)
    assert message in str(caught.value)


def test_an_option_that_fails_in_a_step_is_refused_before_one_is_taken():
    with pytest.raises(UsageError, match=r"^NAdam cannot take a step with these options: If capturable=True"):
        OptimizerFactoryTorch("NAdam", capturable=True).create_optimizer_for_params([nn.Parameter(torch.ones(3))], LR)


def test_a_class_of_your_own_takes_its_place():
    weight = nn.Parameter(torch.tensor([1.0]))
    optimizer = Optimizer.create(OptimizerFactoryTorch(Sign, scale=2.0), [weight], LR)
    descend(optimizer, [weight], [5])
    assert weight.item() == pytest.approx(1 + 2 * LR)


def test_factories_are_equal_by_class_and_options():
    factory = OptimizerFactoryTorch("NAdam", betas=[0.9, 0.99])
    assert factory == OptimizerFactoryTorch(torch.optim.NAdam, betas=(0.9, 0.99)) == pickle.loads(pickle.dumps(factory))
    assert hash(factory) == hash(OptimizerFactoryTorch("NAdam", betas=(0.9, 0.99)))
    assert factory not in (OptimizerFactoryTorch("NAdam"), OptimizerFactoryTorch("RAdam", betas=(0.9, 0.99)), "NAdam")
    assert repr(factory) == "OptimizerFactoryTorch('NAdam', betas=(0.9, 0.99))"
    assert optimizer_class("NAdam") is torch.optim.NAdam
