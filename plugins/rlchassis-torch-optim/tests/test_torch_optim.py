from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_torch_optim import OptimizerFactoryTorch
from rlchassis_torch_optim.classes import ELEMENTWISE, UNUSABLE, optimizer_class

LR = 0.1
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


def parts() -> list[nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=rng)) for shape in ((3, 5), (7,), (2, 2))]


def torchs_own(kind, params) -> Optimizer:
    """torch's optimizer with its defaults, over separate parameters."""
    return Optimizer(without_dynamo(kind)(params, lr=LR), ParameterStorage(params), LR)


def descend(optimizer, params, steps):
    for step in steps:
        optimizer.descend(sum(((p - step) ** 2).sum() for p in params))


def test_a_step_of_a_named_class_by_hand():
    weight = nn.Parameter(torch.tensor([1.0]))
    optimizer = Optimizer.create(OptimizerFactoryTorch("SGD", momentum=0.5), [weight], LR)
    for _ in range(2):
        optimizer.descend(2 * weight.sum())
    assert weight.item() == pytest.approx(1 - LR * 2 - LR * (0.5 * 2 + 2))


@pytest.mark.parametrize("name", NAMES)
def test_every_usable_class_steps_as_torchs_own(name):
    first, second = parts(), parts()
    factory = OptimizerFactoryTorch(name)
    ours = Optimizer.create(factory, first, LR)
    assert len(ours.storage.stepped) == (1 if name in ELEMENTWISE else 3)
    descend(ours, first, range(5))
    descend(torchs_own(getattr(torch.optim, name), second), second, range(5))
    for mine, theirs in zip(first, second, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_state_of_every_usable_class_goes_on_to_the_last_bit(name):
    through, stopped, resumed = parts(), parts(), parts()
    factory = OptimizerFactoryTorch(name)
    one, two, three = (Optimizer.create(factory, params, LR) for params in (through, stopped, resumed))
    descend(one, through, range(8))
    descend(two, stopped, range(4))
    with torch.no_grad():
        for p, value in zip(resumed, stopped, strict=True):
            p.copy_(value)
    three.load_state_dict(copy.deepcopy(two.state_dict()))
    descend(three, resumed, range(4, 8))
    assert all(torch.equal(p, q) for p, q in zip(through, resumed, strict=True))


def test_elementwise_classes_are_all_of_torch():
    assert set(NAMES) >= ELEMENTWISE


@pytest.mark.parametrize(("options", "fused"), [({}, True), ({"fused": False}, False), ({"foreach": True}, None)])
def test_a_fused_step_is_taken_unless_another_is_asked_for(options, fused):
    made = OptimizerFactoryTorch("AdamW", **options).create_optimizer_for_params(parts(), LR)
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
