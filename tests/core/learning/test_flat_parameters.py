from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import Optimizer
from rlchassis.learning.optimizer.flat_parameters import FlatParameters, store
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_testkit.tiny_optimizers import Adam, Descent, FlatAdam, inputs, network, squares, stepped


@pytest.mark.parametrize(("max_norm", "scale"), [(None, 1.0), (0.05, 1.0), (1e3, 1.0), (0.5, 1e-9)])
def test_parameters_stored_flat_are_stepped_as_those_that_are_not(max_norm, scale):
    for flat, plain in zip(stepped(FlatAdam(), max_norm, scale).parameters(), stepped(Adam(), max_norm, scale).parameters(), strict=True):
        assert torch.allclose(flat, plain, rtol=0, atol=1e-7)


def test_flat_storage_is_one_vector_and_elementwise_optimizers_alone_use_it():
    module = network()
    optimizer = Optimizer.create(FlatAdam(), list(module.parameters()), 0.01)
    assert [p.numel() for group in optimizer.torch_optimizer.param_groups for p in group["params"]] == [4 * 16]
    assert [p.data_ptr() % 64 for p in module.parameters()] == [0, 0, 0, 0]
    assert not isinstance(Optimizer.create(Adam(), list(module.parameters()), 0.01).storage, FlatParameters)


def test_parameters_of_several_types_are_not_stored_flat():
    several = [nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1, dtype=torch.float64))]
    assert type(store(several, elementwise=True)) is ParameterStorage


def test_a_module_stored_flat_is_an_ordinary_module():
    module, other = network(), network()
    optimizer = Optimizer.create(Descent(), list(module.parameters()), 0.01)
    copied, names = deepcopy(module), list(module.state_dict())
    gradient_step(optimizer, squares(module), inputs(0))
    assert names == list(other.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(copied.parameters(), other.parameters(), strict=True)), "a copy stays behind"
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(inputs(1)), module(inputs(1)))


def test_a_module_stored_flat_still_learns_after_it_took_on_a_stored_state():
    module, other = network(), network()
    optimizer = Optimizer.create(Descent(), list(module.parameters()), 0.01)
    nn.init.zeros_(other[2].bias)
    module.load_state_dict(other.state_dict())
    gradient_step(optimizer, squares(module), inputs(0))
    gradient_step(Optimizer.create(Descent(), list(other.parameters()), 0.01), squares(other), inputs(0))
    assert torch.equal(module(inputs(1)), other(inputs(1)))


@pytest.mark.parametrize("thrower", ["module", "torch optimizer"])
def test_a_module_stored_flat_still_learns_after_its_gradients_were_thrown_away(thrower):
    modules = network(), network()
    optimizers = [Optimizer.create(Descent(), list(module.parameters()), 0.01) for module in modules]
    (modules[0] if thrower == "module" else optimizers[0].torch_optimizer).zero_grad()
    for module, optimizer in zip(modules, optimizers, strict=True):
        gradient_step(optimizer, squares(module), inputs(0))
    assert torch.equal(modules[0][0].weight, modules[1][0].weight)
    assert not torch.equal(modules[0][0].weight, network()[0].weight)
