from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from attrs import frozen
from torch import nn

from rlchassis.config import SamplingConfig
from rlchassis.errors import PluginError, UsageError
from rlchassis.learning.optimizer import GraphOptimizer, LRSchedulerFactory, LRSchedulerFactoryLinear, Optimizer
from rlchassis.learning.setup import Setup
from rlchassis_testkit.tiny_optimizers import Adam, Descent


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


@frozen
class Wrong(LRSchedulerFactory):
    """Schedule of a fixed answer."""

    answer: Any

    def create_schedule(self, total_steps):
        return lambda progress: self.answer


@pytest.mark.parametrize("answer", [-0.5, math.nan, math.inf, None, "half"])
def test_a_schedule_without_a_finite_factor_is_refused_when_it_is_made(answer):
    setup = Setup.outside_of_a_run(Descent(), 10)
    with pytest.raises(
        PluginError, match=f"^the schedule of Wrong returned {answer!r} at progress 0, expected a finite factor of at least 0"
    ):
        setup.optimizer([nn.Parameter(torch.zeros(1))], 0.1, "actor", Wrong(answer))


def test_a_schedule_without_planned_length_is_refused():
    setup = Setup.outside_of_a_run(Descent(), 0)
    with pytest.raises(
        UsageError, match=r"^a schedule needs the planned length of the run, got 0 steps; plan steps, or leave the schedule out\."
    ):
        setup.optimizer([nn.Parameter(torch.zeros(1))], 0.1, "actor", LRSchedulerFactoryLinear())
