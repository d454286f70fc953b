from __future__ import annotations

import functools
import math
from copy import deepcopy
from functools import partial

import pytest
import torch
from attrs import frozen
from torch import nn

from rlchassis.config import SamplingConfig
from rlchassis.data.randomness import RandomStreams
from rlchassis.errors import DivergenceError, PluginError, UsageError
from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import GraphOptimizer, LRSchedulerFactoryLinear, Optimizer, OptimizerFactory
from rlchassis.learning.optimizer.flat_parameters import FlatParameters, store
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis.learning.setup import Setup

ADAM = {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-5, "weight_decay": 0.1}


@frozen
class Adam(OptimizerFactory):
    def create_optimizer_for_params(self, params, lr):
        return torch.optim.Adam(params, **{**ADAM, "lr": lr})


class FlatAdam(Adam):
    elementwise = True


@frozen
class Descent(OptimizerFactory):
    elementwise = True

    def create_optimizer_for_params(self, params, lr):
        return torch.optim.SGD(params, lr)


def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def squares(module: nn.Module, scale: float = 1.0):
    """A loss of batches of inputs."""

    def loss(inputs: torch.Tensor):
        outputs = module(inputs)
        return scale * outputs.square().sum(), {"largest": outputs.max()}

    return loss


def inputs(step: int) -> torch.Tensor:
    return torch.randn(8, 3, generator=torch.Generator().manual_seed(step))


def stepped(factory: OptimizerFactory, max_norm: float | None, scale: float = 1.0) -> nn.Sequential:
    module = network()
    optimizer = Optimizer.create(factory, list(module.parameters()), 0.01)
    for step in range(20):
        gradient_step(optimizer, squares(module, scale), inputs(step), max_norm)
    return module


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


def rates(factory: LRSchedulerFactoryLinear, total_steps: int) -> list[float]:
    optimizer = Optimizer.create(Descent(), [nn.Parameter(torch.zeros(1))], 2.0, factory.create_schedule(total_steps))
    seen = []
    for progress in (0.0, 0.25, 1.0):
        optimizer.set_progress(progress)
        seen.append(optimizer.torch_optimizer.param_groups[0]["lr"])
    return seen


def test_the_learning_rate_falls_in_a_line_over_the_run():
    assert rates(LRSchedulerFactoryLinear(), 1000) == [2, 1.5, 0]
    assert rates(LRSchedulerFactoryLinear(final_fraction=0.5), 1000) == [2, 1.75, 1]


def test_the_line_may_span_another_run_and_is_held_at_its_end():
    short = SamplingConfig(num_epochs=1, step_per_epoch=250)
    assert rates(LRSchedulerFactoryLinear(short), 1000) == [2, 0, 0]
    assert rates(LRSchedulerFactoryLinear(SamplingConfig(num_epochs=4, step_per_epoch=500)), 1000) == [2, 1.75, 1]


@pytest.mark.parametrize("settings", [{"final_fraction": 2}, {"final_fraction": "half"}, {"sampling_config": 3}])
def test_a_linear_schedule_of_impossible_settings_is_refused(settings):
    with pytest.raises(UsageError, match=f"^{next(iter(settings))} must be"):
        LRSchedulerFactoryLinear(**settings)


def test_a_role_without_parameters_is_refused():
    setup = Setup(torch.device("cpu"), RandomStreams(0), 100, lambda *_: None)
    with pytest.raises(UsageError, match="nothing is left for the actor to learn"):
        setup.optimizer([], 0.1, "actor")


@pytest.mark.parametrize("create", [Optimizer.create, GraphOptimizer.create])
def test_the_learning_rate_that_an_optimizer_tells_is_the_current_one(create):
    optimizer = create(Adam(), [nn.Parameter(torch.zeros(1))], 2.0, lambda progress: 1 - progress)
    assert optimizer.learning_rate == 2
    optimizer.set_progress(0.25)
    assert type(optimizer.learning_rate) is float
    assert optimizer.learning_rate == 1.5


def test_without_a_schedule_the_learning_rate_stays():
    optimizer = Optimizer.create(Descent(), [nn.Parameter(torch.zeros(1))], 2.0)
    optimizer.set_progress(0.5)
    assert optimizer.torch_optimizer.param_groups[0]["lr"] == 2


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


def diverging(loss_of):
    """One weight at 1, stepped down a loss of it; what is raised, and the weight afterwards."""
    weight = nn.Parameter(torch.ones(1))
    optimizer = Optimizer.create(Descent(), [weight], 0.1, role="critic")
    gradient_step(optimizer, lambda factor: ((weight * factor).sum(), {}), torch.tensor(0.0))
    with pytest.raises(DivergenceError) as caught:
        gradient_step(optimizer, lambda _: (loss_of(weight), {}), None)
    return caught.value, weight.item()


@pytest.mark.parametrize(
    ("loss_of", "what", "seen"),
    [
        (lambda w: (w * math.nan).sum(), "the loss of role 'critic'", "nan"),
        (lambda w: (w * 1e38 * 10).sum(), "the loss of role 'critic'", "inf"),
        (lambda w: (w - 1).sqrt().sum(), "the gradient of role 'critic'", "inf"),  # √0 is finite, its slope is not
    ],
)
def test_a_loss_or_gradient_that_is_not_finite_is_named_and_never_stepped_with(loss_of, what, seen):
    error, weight = diverging(loss_of)
    assert str(error).startswith(what)
    assert seen in str(error)
    assert not math.isfinite(error.metrics["grad_norm"])
    assert weight == 1


def test_of_a_clipped_gradient_the_norm_is_what_is_looked_at():
    weight = nn.Parameter(torch.ones(1))
    optimizer = Optimizer.create(Descent(), [weight], 0.1, role="actor")
    with pytest.raises(DivergenceError, match="the gradient of role 'actor'"):
        gradient_step(optimizer, lambda _: ((weight - 1).sqrt().sum(), {}), None, max_norm=0.5)


def test_a_finite_gradient_of_infinite_norm_is_applied_and_its_norm_reported_as_the_largest_number():
    weights = nn.Parameter(torch.ones(2))
    optimizer = Optimizer.create(Descent(), [weights], 2e-38)
    metrics = gradient_step(optimizer, lambda _: (((weights - weights.detach()) * 3e38).sum(), {}), None)
    assert weights.tolist() == pytest.approx([-5, -5])
    assert metrics["grad_norm"] == torch.finfo(torch.float32).max


def test_an_optimizer_factory_that_makes_something_else_is_refused():
    @frozen
    class Wrong(OptimizerFactory):
        def create_optimizer_for_params(self, params, lr):
            return lr

    with pytest.raises(PluginError, match=r"Wrong\.create_optimizer_for_params returned float, expected a torch\.optim\.Optimizer"):
        Optimizer.create(Wrong(), [nn.Parameter(torch.ones(1))], 0.1)


class Guesser:
    """Stands for an algorithm with a loss that answers something."""

    def __init__(self, answer):
        self.answer = answer

    def _loss(self, batch):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((torch.ones(4), {}), r"^Guesser\._loss returned a loss of shape \[4\], expected a scalar; return loss\.mean\(\)\.$"),
        (torch.tensor(1.0), r"^Guesser\._loss returned Tensor, expected a loss and a dict of metrics; write `return loss, \{\}`\.$"),
        (None, r"^Guesser\._loss returned NoneType, expected a loss and a dict"),
        ((torch.tensor(1.0), None), r"^Guesser\._loss returned tuple, expected a loss and a dict"),
        ((1.0, {}), r"^Guesser\._loss returned tuple, expected a loss and a dict"),
    ],
)
def test_an_invalid_loss_is_refused_with_the_method_that_returned_it(answer, said):
    optimizer = Optimizer.create(Descent(), [nn.Parameter(torch.ones(1))], 0.1)
    with pytest.raises(PluginError, match=said):
        gradient_step(optimizer, Guesser(answer)._loss, None)


def test_a_loss_of_one_number_in_a_vector_is_a_loss():
    weight = nn.Parameter(torch.ones(1))
    metrics = gradient_step(Optimizer.create(Descent(), [weight], 0.1), lambda _: (weight * 2, {}), None)
    assert (metrics["loss"].shape, weight.item()) == (torch.Size([]), pytest.approx(0.8))


def test_a_metric_of_a_loss_that_is_no_tensor_is_refused_with_its_name():
    weight = nn.Parameter(torch.ones(1))
    with pytest.raises(PluginError, match=r"^Guesser\._loss returned metrics \{'kl': 'float'\}, expected tensors"):
        gradient_step(Optimizer.create(Descent(), [weight], 0.1), Guesser((weight.sum(), {"kl": 0.5}))._loss, None)


def test_an_optimizer_of_torch_itself_is_refused_in_a_gradient_step():
    weight = nn.Parameter(torch.ones(1))
    with pytest.raises(PluginError, match=r"gradient_step of Guesser\._loss got SGD, expected an Optimizer .*setup\.optimizer"):
        gradient_step(torch.optim.SGD([weight], 0.1), Guesser((weight.sum(), {}))._loss, None)
