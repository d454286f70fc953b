from __future__ import annotations

import functools
from copy import deepcopy
from functools import partial

import pytest
import torch
from attrs import frozen
from torch import nn

from rlchassis.data.randomness import RandomStreams
from rlchassis.errors import PluginError, UsageError
from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import GraphOptimizer, Optimizer, OptimizerFactory
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis.learning.setup import Setup
from rlchassis_testkit.tiny_optimizers import Adam, Descent, FlatAdam, inputs, network, squares, stepped


def test_a_step_by_hand_goes_down_the_gradient_and_tells_loss_and_metrics_detached():
    weight = nn.Parameter(torch.tensor([3.0]))
    optimizer = Optimizer.create(Descent(), [weight], 0.1)
    metrics = gradient_step(optimizer, lambda x: ((weight * x).square().sum(), {"weight": weight.sum() * 2}), torch.tensor([2.0]))
    assert weight.item() == pytest.approx(3 - 0.1 * (2 * 3 * 2 * 2))
    assert {name: value.item() for name, value in metrics.items()} == {"loss": 36, "grad_norm": 24, "weight": 6}
    assert not any(value.requires_grad for value in metrics.values())


@pytest.mark.parametrize("factory", [Descent(), type("Unflattened", (Descent,), {"elementwise": False})()])
def test_a_gradient_longer_than_its_limit_is_shrunk_as_one_vector(factory):
    first, second = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    optimizer = Optimizer.create(factory, [first, second], 1.0)
    gradient_step(optimizer, lambda batch: (3 * first.sum() + 4 * second.sum(), {}), None, max_norm=1.0)
    assert (first.item(), second.item()) == pytest.approx((-0.6, -0.8), rel=1e-5)
    gradient_step(optimizer, lambda batch: (0.3 * first.sum() + 0.4 * second.sum(), {}), None, max_norm=1.0)
    assert (first.item(), second.item()) == pytest.approx((-0.9, -1.2), rel=1e-5), "a short one stays, and nothing of the last is left"


def test_a_gradient_of_many_vectors_that_is_not_clipped_has_no_norm_reported():
    module = network()
    metrics = gradient_step(Optimizer.create(Adam(), list(module.parameters()), 0.1), squares(module), inputs(0))
    assert set(metrics) == {"loss", "largest"}


FLAT, PLAIN, IN_GRAPH = (
    partial(Optimizer.create, FlatAdam()),
    partial(Optimizer.create, Adam()),
    partial(GraphOptimizer.create, Adam()),
)


@pytest.mark.parametrize(
    ("create", "max_norm"), [(FLAT, None), (FLAT, 1.0), (FLAT, 10.0), (PLAIN, 1.0), (PLAIN, 10.0), (IN_GRAPH, None), (IN_GRAPH, 1.0)]
)
def test_by_hand_a_step_tells_the_norm_that_the_gradient_had_before_it_was_shrunk(create, max_norm):
    first, second = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    metrics = gradient_step(create([first, second], 1.0), lambda batch: (3 * first.sum() + 4 * second.sum(), {}), None, max_norm)
    assert metrics["grad_norm"].item() == pytest.approx(5)
    assert metrics["grad_norm"].shape == ()
    assert not metrics["grad_norm"].requires_grad


@pytest.mark.parametrize("factory", [FlatAdam(), Adam()])
def test_an_optimizer_remembers_what_another_one_did(factory):
    module = stepped(factory, None)
    first = Optimizer.create(factory, list(module.parameters()), 0.01)
    gradient_step(first, squares(module), inputs(0))
    copied = deepcopy(module)
    second = Optimizer.create(factory, list(copied.parameters()), 0.01)
    second.load_state_dict(deepcopy(first.state_dict()))
    for optimizer, each in ((first, module), (second, copied)):
        gradient_step(optimizer, squares(each), inputs(1))
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), copied.parameters(), strict=True))


def test_a_role_without_parameters_is_refused():
    setup = Setup(torch.device("cpu"), RandomStreams(0), 100, lambda *_: None)
    with pytest.raises(UsageError, match="nothing is left for the actor to learn"):
        setup.optimizer([], 0.1, "actor")


def test_hooks_on_the_torch_optimizers_step_are_called():
    weight = nn.Parameter(torch.tensor([3.0]))
    optimizer, calls = Optimizer.create(Descent(), [weight], 0.1), []
    optimizer.torch_optimizer.register_step_post_hook(lambda *_: calls.append(weight.item()))
    gradient_step(optimizer, lambda x: ((weight * x).sum(), {}), torch.tensor([2.0]))
    assert calls == [pytest.approx(2.8)]


def doubled(step):
    @functools.wraps(step)
    def stepped(optimizer):
        step(optimizer)
        step(optimizer)

    return stepped


def test_wrappers_that_others_put_around_a_step_stay_around_it():
    class Twice(torch.optim.SGD):
        step = doubled(torch.optim.SGD.step)

    weight = nn.Parameter(torch.tensor([3.0]))
    gradient_step(Optimizer(Twice([weight], 0.1), ParameterStorage([weight]), 0.1), lambda x: ((weight * x).sum(), {}), torch.tensor([2.0]))
    assert weight.item() == pytest.approx(3 - 2 * 0.1 * 2)


def test_a_step_gives_no_gradient_to_parameters_of_other_optimizers():
    features, head = nn.Linear(3, 5), nn.Linear(5, 2)
    optimizer = Optimizer.create(Adam(), list(head.parameters()), 0.1)
    gradient_step(optimizer, squares(nn.Sequential(features, head)), inputs(0))
    assert head.weight.grad is not None
    assert features.weight.grad is None


def test_the_optimizer_of_a_module_leaves_out_parameters_that_are_frozen():
    module = network()
    module[0].requires_grad_(requires_grad=False)
    (group,) = Adam().create_optimizer(module, 0.1).param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in module[2].parameters()]


def test_an_optimizer_that_leaves_the_graph_keeps_its_current_rate_as_a_plain_number():
    optimizer = GraphOptimizer.create(Adam(), list(network().parameters()), 0.01, lambda progress: 1 - progress)
    optimizer.set_progress(0.5)
    assert isinstance(optimizer.torch_optimizer.param_groups[0]["lr"], torch.Tensor)
    optimizer.leave_graph()
    (group,) = optimizer.torch_optimizer.param_groups
    assert type(group["lr"]) is float
    assert group["lr"] == pytest.approx(0.005)


def test_an_optimizer_factory_that_makes_something_else_is_refused():
    @frozen
    class Wrong(OptimizerFactory):
        def create_optimizer_for_params(self, params, lr):
            return lr

    with pytest.raises(PluginError, match=r"Wrong\.create_optimizer_for_params returned float, expected a torch\.optim\.Optimizer"):
        Optimizer.create(Wrong(), [nn.Parameter(torch.ones(1))], 0.1)
