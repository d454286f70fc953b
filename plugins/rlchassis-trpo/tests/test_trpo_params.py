from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_trpo import TRPO, TRPOParams

FAR = {"max_kl": 0.1, "damping": 0.001}
LEARNING: dict[str, tuple[Any, dict[str, Any]]] = {
    "lr": (1e-2, {}),
    "lr_scheduler_factory": (LRSchedulerFactoryLinear(), {}),
    "gamma": (0.5, {}),
    "gae_lambda": (0.5, {}),
    "return_scaling": (True, {}),
    "advantage_normalization": (False, {}),
    "optim_critic_iters": (5, {}),
    "max_kl": (0.02, {}),
    "damping": (0.2, {}),
    "cg_iterations": (2, {}),
    "backtrack_coeff": (0.5, FAR),
    "max_backtracks": (1, FAR),
}
"""Another value for each field that learning reads, with what else must be set for it to come into play."""
ACTING: dict[str, Any] = {"deterministic_eval": False}


def weights(algorithm: TRPO) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critic)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(TRPOParams, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    value, others = LEARNING[name]
    assert_changes(TRPOParams, lambda **params: weights(learned(**params)), name, value, others)


def test_every_field_that_acting_reads_changes_the_actions(trpo):
    def actions(**params: Any) -> set[int]:
        rng = torch.Generator().manual_seed(0)
        return set(trpo(**params).policy.act(torch.zeros(50, 3), explore=False, rng=rng)[0].tolist())

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
        ("gae_lambda", 1.01),
        ("optim_critic_iters", 0),
        ("optim_critic_iters", 2.5),
        ("max_kl", 0),
        ("damping", -0.1),
        ("cg_iterations", 0),
        ("backtrack_coeff", 0),
        ("backtrack_coeff", 1),
        ("max_backtracks", -1),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(TRPOParams, name, value)


@pytest.mark.parametrize("name", ["return_scaling", "advantage_normalization", "deterministic_eval"])
def test_a_switch_is_on_or_off(name):
    assert_refuses(TRPOParams, name, "no")


def test_params_are_values():
    assert_is_a_value(TRPOParams)


def test_an_old_name_is_refused_with_its_new_one():
    with pytest.raises(UsageError, match='It is called "return_scaling" here'):
        TRPOParams(reward_normalization=True)


def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(learned):
    assert torch.equal(weights(learned(lr=0.02, lr_scheduler_factory=Halved())), weights(learned(lr=0.01)))
