from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_pg import PG, PGParams
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of

LEARNING: dict[str, Any] = {
    "lr": 1e-2,
    "lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "gamma": 0.5,
    "return_standardization": True,
    "ent_coef": 0.1,
    "max_grad_norm": 0.5,
}
"""Another value for each field that learning reads."""
ACTING: dict[str, Any] = {"deterministic_eval": False}


def weights(algorithm: PG) -> torch.Tensor:
    return weights_of(algorithm.policy)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(PGParams, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    assert_changes(PGParams, lambda **params: weights(learned(**params)), name, LEARNING[name])


def test_every_field_that_acting_reads_changes_the_actions(pg):
    def actions(**params: Any) -> set[int]:
        rng = torch.Generator().manual_seed(0)
        return set(pg(**params).policy.act(torch.zeros(50, 3), explore=False, rng=rng)[0].tolist())

    assert len(actions()) == 1
    for name, value in ACTING.items():
        assert len(actions(**{name: value})) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0),
        ("lr", "fast"),
        ("lr_scheduler_factory", "linear"),
        ("gamma", 1.01),
        ("gamma", -0.1),
        ("ent_coef", -1),
        ("max_grad_norm", 0),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(PGParams, name, value)


@pytest.mark.parametrize("name", ["return_standardization", "deterministic_eval"])
def test_a_switch_is_on_or_off(name):
    assert_refuses(PGParams, name, "no")


def test_params_are_values():
    assert_is_a_value(PGParams)


@pytest.mark.parametrize(("old", "new"), [("discount_factor", "gamma"), ("reward_normalization", "return_standardization")])
def test_an_old_name_is_refused_with_its_new_one(old, new):
    with pytest.raises(UsageError, match=f"PGParams has no '{old}'. It is called \"{new}\" here"):
        PGParams(**{old: 0.9})


def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(learned):
    assert torch.equal(weights(learned(lr=0.02, lr_scheduler_factory=Halved())), weights(learned(lr=0.01)))
