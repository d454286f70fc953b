from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_sac import SAC, SACParams
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import AutoAlphaFactoryDefault, NoiseFactoryMaxActionScaledGaussian

LEARNING: dict[str, Any] = {
    "actor_lr": 1e-2,
    "actor_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "critic_lr": 1e-2,
    "critic_lr_scheduler_factory": LRSchedulerFactoryLinear(),
    "gamma": 0.5,
    "n_step": 3,
    "tau": 0.5,
    "target_critics": False,
    "alpha": 0.2,
}
"""Another value for each field that learning reads."""
ACTING: dict[str, Any] = {"deterministic_eval": False, "exploration_noise": NoiseFactoryMaxActionScaledGaussian(0.3)}
"""And for each that only acting reads."""


def weights(algorithm: SAC) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics)


def test_no_field_is_left_out_here():
    assert_none_is_left_out(SACParams, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    assert_changes(SACParams, lambda **params: weights(learned(**params)), name, LEARNING[name])


@pytest.mark.parametrize("options", [{"lr": 0.1}, {"target_entropy": -9.0}, {"initial_alpha": 0.5}])
def test_every_field_of_a_learned_temperature_changes_the_outcome(options, learned):
    assert not torch.equal(weights(learned(alpha=AutoAlphaFactoryDefault(**options))), weights(learned()))


@pytest.mark.parametrize("name", ACTING)
def test_every_field_that_acting_reads_changes_the_actions(name, sac):
    def actions(**params: Any) -> torch.Tensor:
        policy = sac(**params).policy
        drawn = [policy.act(torch.zeros(50, 3), explore=explore, rng=torch.Generator().manual_seed(0))[0] for explore in (False, True)]
        return torch.stack(drawn)

    assert torch.equal(actions(), actions())
    assert not torch.equal(actions(), actions(**{name: ACTING[name]}))


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
        ("alpha", -0.1),
        ("alpha", "auto"),
        ("alpha", True),
        ("alpha", float("nan")),
        ("alpha", float("inf")),
        ("exploration_noise", 0.1),
        ("deterministic_eval", "no"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(SACParams, name, value)


def test_params_are_values():
    assert_is_a_value(SACParams)


@pytest.mark.parametrize("role", ["actor", "critic"])
def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(role, learned):
    halved = learned(**{f"{role}_lr": 0.02, f"{role}_lr_scheduler_factory": Halved()})
    assert torch.equal(weights(halved), weights(learned(**{f"{role}_lr": 0.01})))
