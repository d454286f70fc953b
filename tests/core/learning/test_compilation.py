from __future__ import annotations

import logging
import re
from functools import partial

import pytest
import torch
from attrs import define, frozen
from torch import nn

from rlchassis.data.randomness import RandomStreams
from rlchassis.errors import UsageError
from rlchassis.learning.compilation import LARGEST_NUMBER_OF_SIZES, one_graph
from rlchassis.learning.gradients import gradient_step
from rlchassis.learning.optimizer import GraphOptimizer, LRSchedulerFactoryLinear, OptimizerFactory
from rlchassis.learning.setup import Setup
from rlchassis_testkit.compiled import Inputs, LearnsFromInputs
from rlchassis_testkit.experiences import Constant

CPU = torch.device("cpu")


@frozen
class Descent(OptimizerFactory):
    elementwise = True

    def create_optimizer_for_params(self, params, lr):
        return torch.optim.SGD(params, lr)


@frozen
class Fused(OptimizerFactory):
    elementwise = True

    def create_optimizer_for_params(self, params, lr):
        return torch.optim.Adam(params, lr, fused=True)


@define(eq=False)
class Unmarked(LearnsFromInputs):
    weight: nn.Parameter

    def learn(self, batch):
        return gradient_step(self.optimizer, lambda b: ((self.weight * b.x).square().mean(), {}), batch)


@define(eq=False)
class Marked(Unmarked):
    @one_graph
    def learn(self, batch):
        return gradient_step(self.optimizer, lambda b: ((self.weight * b.x).square().mean(), {}), batch)


@define(eq=False)
class Unreadable(Unmarked):
    @one_graph
    def learn(self, batch):
        scale = 2.0 if batch.x.sum().item() > 0 else 1.0
        return gradient_step(self.optimizer, lambda b: ((scale * self.weight * b.x).square().mean(), {}), batch)


def made(kind: type[Unmarked], factory: OptimizerFactory | None = None, *, for_graph: bool = True, schedule=None) -> Unmarked:
    torch._dynamo.reset()
    setup = Setup(CPU, RandomStreams(0), 100, lambda *_: factory or Descent(), for_graph=for_graph)
    weight = nn.Parameter(torch.ones(1))
    algorithm = kind(Constant(), setup.optimizer([weight], 0.1, "all", schedule), weight)
    if for_graph:
        algorithm.compile(setup.optimizers)
    return algorithm


def points(*x: float) -> Inputs:
    return Inputs(torch.tensor(x))


def test_a_compiled_step_goes_down_the_gradient_at_the_rate_of_the_schedule():
    algorithm = made(Marked, schedule=LRSchedulerFactoryLinear())
    assert algorithm.update(points(1.0, 3.0), 0).metrics["loss"].item() == 5.0
    assert algorithm.weight.item() == pytest.approx(1 - 0.1 * 2 * 5, abs=1e-6)
    with torch.no_grad():
        algorithm.weight.fill_(1.0)
    algorithm.optimizer.set_progress(0.75)
    algorithm.update(points(1.0, 1.0), 1)
    assert algorithm.weight.item() == pytest.approx(1 - 0.025 * 2 * 1)
    assert (algorithm.graphs.number, algorithm.graphs.given_up) == (1, False)


def test_a_held_optimizer_changes_nothing_in_a_graph_until_it_is_released(without_compiler):
    algorithm = made(Marked)
    algorithm.optimizer.is_held = True
    held = algorithm.update(points(1.0, 3.0), 0).metrics
    assert (algorithm.weight.item(), held["loss"].item()) == (1.0, 5.0)
    algorithm.optimizer.is_held = False
    algorithm.graphs.forget()
    algorithm.update(points(1.0, 3.0), 1)
    assert algorithm.weight.item() == pytest.approx(1 - 0.1 * 2 * 5, abs=1e-6)
    assert not algorithm.graphs.given_up


@pytest.fixture
def without_compiler(monkeypatch):
    """Graphs as ever, but for the seconds that a compiler takes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))


def in_phases(algorithm, *phases):
    """Update it with batches of these sizes, phase by phase."""
    for sizes in phases:
        if algorithm.graphs is not None:
            algorithm.graphs.begin_phase()
        for size in sizes:
            algorithm.update(points(*[0.1 * size] * size), 0)
    return algorithm


def test_a_size_gets_its_graph_at_first_or_when_it_comes_again_and_no_more_than_a_few_do(without_compiler):
    def sizes(*phases):
        algorithm, plain = in_phases(made(Marked), *phases), in_phases(made(Marked, for_graph=False), *phases)
        assert torch.allclose(algorithm.weight, plain.weight)
        return [size for _, size in algorithm.graphs._made]

    assert sizes([4, 4, 6], [4, 4, 6], [3, 3, 3]) == [4, 6], "the last collection is shorter"
    assert sizes([4], [3]) == [4]
    many = range(1, LARGEST_NUMBER_OF_SIZES + 3)
    assert sizes(many, many, many) == list(range(1, LARGEST_NUMBER_OF_SIZES + 1))


def test_compilation_is_logged_before_it_begins_and_its_duration_after(without_compiler, caplog):
    with caplog.at_level(logging.INFO):
        in_phases(made(Marked), [4, 4], [4])
    before, after = caplog.messages
    assert before == "Compiling Marked.learn for batches of 4 ..."
    assert re.fullmatch(r"Compiled in \d+\.\d seconds\.", after)


def test_an_update_that_cannot_be_compiled_runs_eagerly_with_one_warning(caplog):
    algorithm, plain = made(Unreadable, Fused()), made(Unreadable, Fused(), for_graph=False)
    with caplog.at_level(logging.WARNING):
        for each in (algorithm, plain):
            for count in range(3):
                each.update(points(1.0), count)
    (said,) = caplog.records
    assert said.message.startswith("The update cannot be compiled here, so updates run eagerly: ")
    assert torch.allclose(algorithm.weight, plain.weight)
    group = algorithm.optimizer.torch_optimizer.param_groups[0]
    assert (group["fused"], group["lr"], algorithm.optimizer.in_graph) == (True, pytest.approx(0.1), False)


def test_every_algorithm_of_a_process_gets_its_graph_however_many_there_are(monkeypatch):
    torch._dynamo.reset()
    monkeypatch.setattr(torch._dynamo, "reset", lambda: None)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    algorithms = [made(Marked) for _ in range(torch._dynamo.config.recompile_limit + 2)]
    for algorithm in algorithms:
        algorithm.update(points(1.0), 0)
    assert not any(algorithm.graphs.given_up for algorithm in algorithms)


def test_a_graph_that_fails_later_on_is_given_up_too(without_compiler, caplog):
    algorithm = made(Marked)
    algorithm.update(points(1.0), 0)
    (key,) = algorithm.graphs._made

    def fails(*_):
        raise OSError("out of memory")

    algorithm.graphs._made[key] = fails
    before = algorithm.weight.item()
    with caplog.at_level(logging.WARNING):
        algorithm.update(points(1.0), 1)
    assert "updates run eagerly: OSError: out of memory" in caplog.text
    assert algorithm.weight.item() < before


def test_without_a_compiler_on_the_machine_it_is_computed_step_by_step(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    algorithm = made(Marked, Fused())
    with torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")}), caplog.at_level(logging.WARNING):
        algorithm.update(points(1.0, 2.0, 3.0), 0)
    assert "compiler" in caplog.text
    assert algorithm.graphs.given_up
    assert algorithm.weight.item() == pytest.approx(0.9)


def test_an_algorithm_that_marks_nothing_says_so_and_learns(caplog):
    with caplog.at_level(logging.WARNING):
        algorithm = made(Unmarked, Fused())
    assert "Unmarked has no update that can be compiled" in caplog.text
    algorithm.update(points(1.0), 0)
    assert algorithm.weight.item() == pytest.approx(0.9)
    assert algorithm.optimizer.torch_optimizer.param_groups[0]["fused"]


def test_a_parameter_without_dimensions_is_refused():
    with pytest.raises(UsageError, match=r"shape \[1\]"):
        GraphOptimizer.create(Descent(), [nn.Parameter(torch.tensor(1.0))], 0.1)
