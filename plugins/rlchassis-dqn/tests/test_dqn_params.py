from __future__ import annotations

from typing import Any

import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import LRSchedulerFactoryLinear
from rlchassis_dqn import DQN, DQNParams
from rlchassis_testkit.params import Halved, assert_changes, assert_is_a_value, assert_none_is_left_out, assert_refuses
from rlchassis_testkit.tiny_runs import weights_of

LEARNING: dict[str, tuple[Any, dict[str, Any]]] = {
    "lr": (1e-2, {}),
    "lr_scheduler_factory": (LRSchedulerFactoryLinear(), {}),
    "gamma": (0.5, {}),
    "n_step": (3, {}),
    "target_update_freq": (1, {"lr": 0.1}),
    "is_double": (False, {"lr": 0.1}),
    "huber_loss_delta": (5.0, {}),
}
"""Another value for each field that learning reads, with what else must be set for it to come into play."""
ACTING: dict[str, tuple[Any, dict[str, Any]]] = {
    "eps_training": (0.8, {}),
    "eps_training_final": (0.9, {}),
    "eps_decay_fraction": (1.0, {}),
    "eps_inference": (0.5, {}),
}
"""The same for those that acting reads."""


def weights(algorithm: DQN) -> torch.Tensor:
    return weights_of(algorithm.policy)


def at_random(dqn, *, explore: bool, **params: Any) -> float:
    """The part of 4000 actions, in one and the same state half way through the run, that is not the commonest one."""
    algorithm = dqn(**params)
    algorithm.set_progress(0.5)
    rng = torch.Generator().manual_seed(0)
    actions, _ = algorithm.policy.act(torch.zeros(4000, 3), explore=explore, rng=rng)
    return min(actions.float().mean().item(), 1 - actions.float().mean().item())


def test_no_field_is_left_out_here():
    assert_none_is_left_out(DQNParams, LEARNING, ACTING)


@pytest.mark.parametrize("name", LEARNING)
def test_every_field_that_learning_reads_changes_what_is_learned(name, learned):
    value, others = LEARNING[name]
    assert_changes(DQNParams, lambda **params: weights(learned(**params)), name, value, others)


@pytest.mark.parametrize("name", ACTING)
def test_every_field_that_acting_reads_changes_how_often_actions_are_random(name, dqn):
    value, others = ACTING[name]
    assert getattr(DQNParams(), name) != value
    explore = name != "eps_inference"
    plain, changed = (at_random(dqn, explore=explore, **params) for params in (others, {**others, name: value}))
    assert abs(plain - changed) > 0.1


def test_a_random_action_is_any_of_them_alike(dqn):
    assert at_random(dqn, explore=True) == pytest.approx(0.05 / 2, abs=0.01)
    assert at_random(dqn, explore=False) == 0
    assert at_random(dqn, explore=False, eps_inference=0.4) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0),
        ("lr", "fast"),
        ("lr_scheduler_factory", "linear"),
        ("gamma", 1.01),
        ("gamma", -0.1),
        ("n_step", 0),
        ("n_step", 1.5),
        ("target_update_freq", 0),
        ("is_double", "no"),
        ("huber_loss_delta", 0),
        ("eps_training", 1.1),
        ("eps_training_final", -0.1),
        ("eps_decay_fraction", 0),
        ("eps_decay_fraction", 1.1),
        ("eps_inference", None),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(name, value):
    assert_refuses(DQNParams, name, value)


@pytest.mark.parametrize(("old", "new"), [("discount_factor", "gamma"), ("estimation_step", "n_step"), ("n_step_return_horizon", "n_step")])
def test_an_old_name_is_refused_with_the_new_one(old, new):
    with pytest.raises(UsageError, match=f'"{new}"'):
        DQNParams(**{old: 1})


def test_params_are_values():
    assert_is_a_value(DQNParams)


def test_a_learning_rate_schedule_is_a_factor_and_gets_the_total_steps_of_the_run(learned):
    assert torch.equal(weights(learned(lr=0.02, lr_scheduler_factory=Halved())), weights(learned(lr=0.01)))


def test_eps_training_alone_is_a_constant_and_a_fraction_beside_it_is_refused():
    assert [DQNParams(eps_training=0.3).eps_schedule(progress) for progress in (0, 1)] == [0.3, 0.3]
    with pytest.raises(UsageError, match="has no effect"):
        DQNParams(eps_training=0.3, eps_decay_fraction=0.2)
