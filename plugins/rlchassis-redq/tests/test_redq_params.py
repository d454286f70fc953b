from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_redq import REDQ, REDQAgentFactory, REDQParams
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import AutoAlphaFactoryDefault

LEARNING: dict[str, Any] = {
    "actor_lr": 1e-2,
    "actor_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "critic_lr": 1e-2,
    "critic_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "gamma": 0.5,
    "n_step": 3,
    "tau": 0.5,
    "alpha": 0.2,
    "ensemble_size": 3,
    "subset_size": 1,
    "actor_delay": 1,
    "target_mode": "mean",
}
"""Another value for each field that learning reads."""


def weights(algorithm: REDQ) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(REDQParams, LEARNING, ["deterministic_eval"])


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    assert_changes(REDQParams, lambda **params: weights(learned(**params)), name, LEARNING[name])


@pytest.mark.parametrize("options", [{"lr": 0.1}, {"target_entropy": -9.0}, {"initial_alpha": 0.5}])
def test_every_field_of_a_learned_temperature_changes_the_outcome(options, learned):
    often = {"actor_delay": 1}
    assert not torch.equal(weights(learned(alpha=AutoAlphaFactoryDefault(**options), **often)), weights(learned(**often)))


def test_evaluation_samples_without_deterministic_eval(redq):
    def actions(**params: Any) -> torch.Tensor:
        return redq(**params).policy.act(torch.zeros(50, 3), explore=False, rng=torch.Generator().manual_seed(0))[0]

    assert actions().unique(dim=0).shape[0] == 1
    assert actions(deterministic_eval=False).unique(dim=0).shape[0] == 50


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actor_lr", 0),
        ("critic_lr", "fast"),
        ("actor_lr_scheduler_factory", "linear"),
        ("critic_lr_scheduler_factory", 1),
        ("gamma", 1.01),
        ("n_step", 0),
        ("tau", 0),
        ("alpha", -0.1),
        ("alpha", "auto"),
        ("ensemble_size", 0),
        ("subset_size", 0),
        ("subset_size", 11),
        ("actor_delay", 0),
        ("target_mode", "max"),
        ("deterministic_eval", "no"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(REDQParams, name, value)


@pytest.mark.parametrize(("old", "new"), [("discount_factor", "gamma"), ("estimation_step", "n_step")])
def test_an_old_name_is_refused_with_the_new_one(old, new):
    with pytest.raises(UsageError, match=f'"{new}"'):
        REDQParams(**{old: 1})


def test_params_are_values():
    assert_is_a_value(REDQParams)


@pytest.mark.parametrize("role", ["actor", "critic"])
def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(role, learned):
    halved = learned(**{f"{role}_lr": 0.02, f"{role}_lr_scheduler_factory": Halved()})
    assert torch.equal(weights(halved), weights(learned(**{f"{role}_lr": 0.01})))


def test_by_default_the_actor_learns_once_for_every_environment_step():
    assert REDQAgentFactory.default_sampling["update_per_step"] == REDQParams().actor_delay
