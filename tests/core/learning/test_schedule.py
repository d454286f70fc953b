from __future__ import annotations

import pytest
import torch
from torch import nn

from rlchassis.config import SamplingConfig
from rlchassis.errors import UsageError
from rlchassis.learning.optimizer import GraphOptimizer, LRSchedulerFactoryLinear, Optimizer
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
