from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rlchassis.api import Component, LRSchedulerFactory, Optimizer, UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_schedules import (
    LRSchedulerFactoryConstant,
    LRSchedulerFactoryCosine,
    LRSchedulerFactoryExponential,
    LRSchedulerFactoryWarmup,
)
from rlchassis_testkit.tiny_optimizers import Descent

STEPS = 1000


def rates(factory: LRSchedulerFactory, *progress: float) -> list[float]:
    """Learning rates of an optimizer whose learning rate is 2."""
    optimizer = Optimizer.create(Descent(), [nn.Parameter(torch.zeros(1))], 2.0, factory.create_schedule(STEPS))
    seen = []
    for each in progress:
        optimizer.set_progress(each)
        seen.append(optimizer.learning_rate)
    return seen


def test_a_constant_is_the_same_throughout_by_hand():
    assert rates(LRSchedulerFactoryConstant(), 0, 0.5, 1) == [2, 2, 2]
    assert rates(LRSchedulerFactoryConstant(0.5), 0, 0.5, 1) == [1, 1, 1]


def test_a_cosine_is_steepest_in_the_middle_by_hand():
    assert rates(LRSchedulerFactoryCosine(), 0, 0.5, 1) == pytest.approx([2, 1, 0])
    assert rates(LRSchedulerFactoryCosine(), 1 / 3) == pytest.approx([2 * 0.75])
    assert rates(LRSchedulerFactoryCosine(final_fraction=0.5), 0, 0.5, 1) == pytest.approx([2, 1.5, 1])


def test_an_exponential_falls_by_the_same_factor_in_equal_parts_by_hand():
    assert rates(LRSchedulerFactoryExponential(0.25), 0, 0.5, 1) == pytest.approx([2, 1, 0.5])
    assert rates(LRSchedulerFactoryExponential(), 0.5) == pytest.approx([2 * math.sqrt(0.01)])


@pytest.mark.parametrize("factory", [LRSchedulerFactoryCosine(0.25), LRSchedulerFactoryExponential(0.25)], ids=repr)
def test_beyond_its_planned_end_a_run_keeps_the_final_rate(factory):
    assert rates(factory, 1.5) == pytest.approx([0.5])


def test_a_warm_up_rises_in_a_line_and_stays_by_hand():
    assert rates(LRSchedulerFactoryWarmup(0.5, initial_fraction=0.0), 0, 0.25, 0.5, 1) == pytest.approx([0, 1, 2, 2])
    assert rates(LRSchedulerFactoryWarmup(0.5, initial_fraction=0.5), 0, 0.25, 0.5) == pytest.approx([1, 1.5, 2])


def test_a_warm_up_of_so_many_steps_is_a_part_of_the_run():
    assert rates(LRSchedulerFactoryWarmup(steps=250, initial_fraction=0.0), 0.125, 0.25) == pytest.approx([1, 2])


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (LRSchedulerFactoryLinear(), [2, 1, 0]),
        (LRSchedulerFactoryCosine(0.5), [2, 1.5, 1]),
        (LRSchedulerFactoryExponential(0.25), [2, 1, 0.5]),
        (LRSchedulerFactoryConstant(0.5), [1, 1, 1]),
        (LRSchedulerFactoryWarmup(0.5, initial_fraction=0.5), [1, 2, 2]),
    ],
    ids=repr,
)
def test_what_follows_a_warm_up_spans_the_rest_of_the_run(then, expected):
    assert rates(LRSchedulerFactoryWarmup(0.2, then=then), 0.2, 0.6, 1) == pytest.approx(expected)
    assert rates(LRSchedulerFactoryWarmup(0.2, initial_fraction=0.5, then=then), 0) == pytest.approx([expected[0] / 2])


def test_a_linear_decay_after_a_warm_up_counts_the_steps_of_the_rest():
    from rlchassis.experiment import SamplingConfig

    then = LRSchedulerFactoryLinear(SamplingConfig(num_epochs=1, step_per_epoch=400))
    assert rates(LRSchedulerFactoryWarmup(0.2, then=then), 0.2, 0.4, 0.6, 1) == pytest.approx([2, 1, 0, 0])


def test_a_warm_up_as_long_as_the_run_is_refused():
    with pytest.raises(UsageError, match=r"^the warm-up of 1000 steps is as long as the run of 1000; lower steps, or train longer\."):
        LRSchedulerFactoryWarmup(steps=STEPS).create_schedule(STEPS)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (LRSchedulerFactoryConstant, {"fraction": 0.0}),
        (LRSchedulerFactoryCosine, {"final_fraction": 2.0}),
        (LRSchedulerFactoryExponential, {"final_fraction": 0.0}),
        (LRSchedulerFactoryWarmup, {"fraction": 1.0}),
        (LRSchedulerFactoryWarmup, {"steps": 0}),
        (LRSchedulerFactoryWarmup, {"initial_fraction": -0.5}),
        (LRSchedulerFactoryWarmup, {"then": 3}),
    ],
    ids=str,
)
def test_an_option_out_of_range_is_refused_by_its_name(kind, options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        kind(**options)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("constant", LRSchedulerFactoryConstant),
        ("cosine", LRSchedulerFactoryCosine),
        ("exponential", LRSchedulerFactoryExponential),
        ("warmup", LRSchedulerFactoryWarmup),
    ],
)
def test_each_is_found_by_its_name(name, kind):
    assert Component("lr_scheduler", name).create() == kind()
