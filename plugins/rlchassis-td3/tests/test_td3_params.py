from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_td3 import TD3, TD3Params
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck

LEARNING: dict[str, Any] = {
    "actor_lr": 1e-2,
    "actor_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "critic_lr": 1e-2,
    "critic_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "gamma": 0.5,
    "n_step": 3,
    "tau": 0.5,
    "policy_noise": 0.3,
    "noise_clip": 0.1,
    "update_actor_freq": 1,
}
"""Another value for each field that learning reads."""
ACTING: dict[str, Any] = {"exploration_noise": NoiseFactoryMaxActionScaledGaussian(0.3)}
"""And for each that only acting reads."""


def weights(algorithm: TD3) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(TD3Params, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    assert_changes(TD3Params, lambda **params: weights(learned(**params)), name, LEARNING[name])


def explored(make: Any, **params: Any) -> torch.Tensor:
    return make(**params).policy.act(torch.zeros(2000, 3), explore=True, rng=torch.Generator().manual_seed(0))[0]


@pytest.mark.parametrize("name", ACTING)
def test_every_field_that_acting_reads_changes_the_actions(name, td3):
    assert_changes(TD3Params, lambda **params: explored(td3, **params), name, ACTING[name])


@pytest.mark.parametrize(
    ("noise", "std"),
    [({}, 0.1), ({"exploration_noise": None}, 0), ({"exploration_noise": NoiseFactoryOrnsteinUhlenbeck(sigma=0.05)}, 0.05)],
)
def test_exploration_spreads_as_the_noise_says(noise, std, td3):
    assert explored(td3, **noise).std(0).tolist() == pytest.approx([std] * 2, rel=0.05, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actor_lr", 0),
        ("critic_lr", "fast"),
        ("actor_lr_scheduler_factory", "linear"),
        ("critic_lr_scheduler_factory", 1),
        ("gamma", 1.01),
        ("n_step", 0),
        ("n_step", 1.5),
        ("tau", 0),
        ("tau", 1.01),
        ("exploration_noise", 0.1),
        ("policy_noise", -0.1),
        ("noise_clip", float("inf")),
        ("update_actor_freq", 0),
        ("update_actor_freq", 0.5),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(TD3Params, name, value)


@pytest.mark.parametrize(("old", "new"), [("estimation_step", "n_step"), ("actor_lr_scheduler", "actor_lr_scheduler_factory")])
def test_an_old_name_is_refused_with_the_new_one(old, new):
    with pytest.raises(UsageError, match=f'"{new}"'):
        TD3Params(**{old: 1})


def test_params_are_values():
    assert_is_a_value(TD3Params)


@pytest.mark.parametrize("role", ["actor", "critic"])
def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(role, learned):
    halved = learned(**{f"{role}_lr": 0.02, f"{role}_lr_scheduler_factory": Halved()})
    assert torch.equal(weights(halved), weights(learned(**{f"{role}_lr": 0.01})))
