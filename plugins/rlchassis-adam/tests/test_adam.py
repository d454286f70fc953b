from __future__ import annotations

import copy
import math
from functools import partial

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_testkit.stored_runs import in_another_process

LR = 0.1


def stepped(factory: OptimizerFactoryAdam, gradients: list[float], start: float = 1.0) -> float:
    weight = nn.Parameter(torch.tensor([start]))
    optimizer = factory.create_optimizer_for_params([weight], LR)
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        optimizer.step()
    return weight.item()


def test_the_first_step_is_as_long_as_the_learning_rate_by_hand():
    assert stepped(OptimizerFactoryAdam(), [3.0]) == pytest.approx(1 - LR)
    assert stepped(OptimizerFactoryAdam(eps=3.0), [3.0]) == pytest.approx(1 - LR * 3 / (3 + 3))


def test_the_second_step_weighs_both_gradients_by_hand():
    beta1, beta2 = 0.5, 0.75
    first, second = (1 - beta1) * 1, (1 - beta2) * 1
    first, second = beta1 * first + (1 - beta1) * 3, beta2 * second + (1 - beta2) * 9
    expected = 1 - LR - LR * (first / (1 - beta1**2)) / math.sqrt(second / (1 - beta2**2))
    assert stepped(OptimizerFactoryAdam(betas=(beta1, beta2), eps=1e-12), [1.0, 3.0]) == pytest.approx(expected)


def test_weights_decay_as_an_l2_penalty():
    assert stepped(OptimizerFactoryAdam(eps=1.0, weight_decay=0.5), [0.0], start=4.0) == pytest.approx(4 - LR * 2 / (2 + 1))


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_one_flat_vector_is_stepped_as_its_parts(weight_decay):
    def parts() -> list[nn.Parameter]:
        rng = torch.Generator().manual_seed(0)
        return [nn.Parameter(torch.randn(shape, generator=rng)) for shape in ((3, 5), (7,), (), (2, 2, 2))]

    factory = OptimizerFactoryAdam(weight_decay=weight_decay)
    flat, plain = parts(), parts()
    ours, torchs = Optimizer.create(factory, flat, LR), torch.optim.Adam(plain, LR, weight_decay=weight_decay)
    for step in range(10):
        for optimizer, params in ((ours, flat), (torchs, plain)):
            optimizer.zero_grad()
            sum(((p - step) ** 2).sum() for p in params).backward()
            optimizer.step()
    assert len(ours.storage.stepped) == 1
    for mine, theirs in zip(flat, plain, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def test_a_vector_is_stepped_to_the_last_bit_as_torch_steps_it():
    factory = OptimizerFactoryAdam(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
    first, second = (nn.Parameter(torch.linspace(-1, 1, 128)) for _ in range(2))
    ours, torchs = Optimizer.create(factory, [first], LR), factory.create_optimizer_for_params([second], LR)
    for step in range(20):
        if step == 5:
            ours.load_state_dict(copy.deepcopy(torchs.state_dict()))
        ours.set_progress(step / 20)
        for optimizer, vector in ((ours, first), (torchs, second)):
            optimizer.zero_grad()
            (vector * step).sin().sum().backward()
            optimizer.step()
    assert torch.equal(first, second)
    assert ours.torch_optimizer.state[ours.storage.stepped[0]]["step"] == 20


class Varied(OptimizerFactoryAdam):
    """Makes another optimizer than the factory that it inherits its step from."""

    def create_optimizer_for_params(self, params, lr):
        return self.made(params, lr)


@pytest.mark.parametrize(
    "made",
    [
        partial(torch.optim.Adam, amsgrad=True, fused=True),
        partial(torch.optim.Adam, maximize=True, fused=True),
        partial(torch.optim.AdamW, weight_decay=0.5, fused=True),
        torch.optim.Adam,
        torch.optim.SGD,
    ],
    ids=["amsgrad", "maximize", "decoupled", "not fused", "no Adam"],
)
def test_an_optimizer_of_a_subclass_steps_as_in_torch(made, monkeypatch):
    monkeypatch.setattr(Varied, "made", staticmethod(made), raising=False)
    first, second = (nn.Parameter(torch.ones(16)) for _ in range(2))
    ours, torchs = Optimizer.create(Varied(), [first], LR), made([second], LR)
    for scale in (3.0, 0.0, 0.0):
        for optimizer, vector in ((ours, first), (torchs, second)):
            optimizer.zero_grad()
            (vector * scale).sum().backward()
            optimizer.step()
    assert torch.equal(first, second)


def test_an_optimizer_is_made_stepped_stored_and_restored_without_importing_torchs_compiler(tmp_path):
    code = """
import sys, torch
from rlchassis.api import Optimizer
from rlchassis_adam import OptimizerFactoryAdam
modules = [torch.nn.Linear(2, 2) for _ in range(2)]
ours = Optimizer.create(OptimizerFactoryAdam(), list(modules[0].parameters()), 0.1)
torchs = OptimizerFactoryAdam().create_optimizer(modules[1], 0.1)
for optimizer, module in ((ours, modules[0]), (torchs, modules[1])):
    for _ in range(2):
        optimizer.zero_grad()
        module(torch.ones(2)).sum().backward()
        optimizer.load_state_dict(optimizer.state_dict())
        optimizer.step() if optimizer is ours else None
print("torch._dynamo" in sys.modules)
"""
    assert in_another_process(code, cwd=tmp_path) == "False\n"


def test_a_vector_without_gradient_stays():
    vector = nn.Parameter(torch.ones(3))
    made = OptimizerFactoryAdam().create_optimizer_for_params([vector], LR)
    step = OptimizerFactoryAdam().step_of(made)
    with torch.no_grad():
        for gradient in (torch.ones(3), None):
            vector.grad = gradient
            step(made)
    assert made.state[vector]["step"] == 1


@pytest.mark.parametrize("betas", [(0.9,), (0.9, 1.0), (-0.1, 0.9), (0.9, 0.99, 0.999), 0.9, ("0.9", "0.9")])
def test_betas_are_two_numbers_below_1(betas):
    with pytest.raises(UsageError, match="betas"):
        OptimizerFactoryAdam(betas)


@pytest.mark.parametrize("options", [{"eps": 0.0}, {"weight_decay": -0.1}, {"eps": "small"}])
def test_an_option_out_of_range_is_refused_by_its_name(options):
    with pytest.raises(UsageError, match=f"{next(iter(options))} must be a number"):
        OptimizerFactoryAdam(**options)


def test_two_factories_of_the_same_options_are_equal():
    assert OptimizerFactoryAdam([0.9, 0.999]) == OptimizerFactoryAdam()
