from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_ppo import PPO, PPOParams
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of

FAST = {"lr": 0.1, "advantage_normalization": False}
LEARNING: dict[str, tuple[Any, dict[str, Any]]] = {
    "lr": (1e-2, {}),
    "lr_scheduler_factory": (LRSchedulerFactoryLinear(), {}),
    "gamma": (0.5, {}),
    "gae_lambda": (0.5, {}),
    "return_scaling": (True, {}),
    "advantage_normalization": (False, {}),
    "vf_coef": (2.0, {}),
    "ent_coef": (0.1, {}),
    "max_grad_norm": (None, {}),
    "eps_clip": (0.01, {"lr": 0.1}),
    "dual_clip": (1.01, FAST),
    "value_clip": (True, {"lr": 0.1}),
    "recompute_advantage": (True, {}),
}
"""Another value for each field that learning reads, with what else must be set for it to come into play."""
ACTING: dict[str, Any] = {"deterministic_eval": False}


def weights(algorithm: PPO) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critic)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(PPOParams, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    value, others = LEARNING[name]
    assert_changes(PPOParams, lambda **params: weights(learned(**params)), name, value, others)


def test_every_field_that_acting_reads_changes_the_actions(ppo):
    def actions(**params: Any) -> set[int]:
        rng = torch.Generator().manual_seed(0)
        return set(ppo(**params).policy.act(torch.zeros(50, 3), explore=False, rng=rng)[0].tolist())

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
        ("vf_coef", -1),
        ("ent_coef", -1),
        ("max_grad_norm", 0),
        ("eps_clip", 0),
        ("dual_clip", 1),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(PPOParams, name, value)


@pytest.mark.parametrize("name", ["return_scaling", "advantage_normalization", "value_clip", "recompute_advantage", "deterministic_eval"])
def test_a_switch_is_on_or_off(name):
    assert_refuses(PPOParams, name, "no")


def test_params_are_values():
    assert_is_a_value(PPOParams)


def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(learned):
    assert torch.equal(weights(learned(lr=0.02, lr_scheduler_factory=Halved())), weights(learned(lr=0.01)))
