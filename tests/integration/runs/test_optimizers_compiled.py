"""Steps of each optimizer within a compiled update are those of the eager one: `pytest -m compiled`."""

from __future__ import annotations

import pytest
import torch
from attrs import define
from torch import nn

from rlchassis.api import OptimizerFactory, Setup, gradient_step, one_graph
from rlchassis.learning.optimizer import LRSchedulerFactoryLinear
from rlchassis_adamw import OptimizerFactoryAdamW
from rlchassis_muon import OptimizerFactoryMuon
from rlchassis_rmsprop import OptimizerFactoryRMSprop
from rlchassis_sgd import OptimizerFactorySGD
from rlchassis_testkit.compiled import Inputs, LearnsFromInputs, default_dtype
from rlchassis_testkit.experiences import Constant
from rlchassis_torch_optim import OptimizerFactoryTorch

FACTORIES = [
    OptimizerFactoryAdamW(weight_decay=0.1),
    OptimizerFactoryMuon(min_width=6, weight_decay=0.1),
    OptimizerFactoryRMSprop(eps=1e-3),
    OptimizerFactoryRMSprop(eps=1e-3, eps_in_root=True, initial_square=1.0, momentum=0.9, centered=True, weight_decay=0.1),
    OptimizerFactorySGD(),
    OptimizerFactorySGD(momentum=0.9, nesterov=True),
    OptimizerFactoryTorch("NAdam", eps=1e-3),
    OptimizerFactoryTorch("Adagrad", eps=1e-3),
]


@define(eq=False)
class Regression(LearnsFromInputs):
    """Fits sin of its inputs."""

    network: nn.Module

    @one_graph
    def learn(self, batch):
        return gradient_step(self.optimizer, lambda b: ((self.network(b.x) - b.x.sin()).square().mean(), {}), batch, 1.0)


def weights_after(factory: OptimizerFactory, *, compiled: bool) -> torch.Tensor:
    """All weights after ten updates while the learning rate falls; compiled, they were one graph."""
    setup = Setup.outside_of_a_run(factory, 10, for_graph=compiled)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))
    algorithm = Regression(Constant(), setup.optimizer(list(network.parameters()), 0.01, "all", LRSchedulerFactoryLinear()), network)
    if compiled:
        torch._dynamo.reset()
        algorithm.compile(setup.optimizers)
    for count in range(10):
        algorithm.optimizer.set_progress(count / 10)
        algorithm.update(Inputs(torch.linspace(-1, 1, 24).reshape(8, 3) * (count + 1)), count)
    assert not compiled or (not algorithm.graphs.given_up and algorithm.graphs.number == 1)
    return nn.utils.parameters_to_vector(network.parameters()).detach()


@pytest.mark.compiled
@pytest.mark.parametrize("factory", FACTORIES, ids=str)
def test_a_compiled_update_with_this_optimizer_equals_the_eager_one(factory: OptimizerFactory):
    with default_dtype(torch.float64):
        eager, compiled = (weights_after(factory, compiled=each) for each in (False, True))
    assert torch.allclose(eager, compiled, rtol=0, atol=1e-8)
