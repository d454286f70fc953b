from __future__ import annotations

import math

import pytest
import torch

from rlchassis_ppo.loss import clipped_surrogate_loss, clipped_value_loss


def loss_of(ratio: float, advantage: float, dual_clip: float | None = None) -> float:
    old = torch.tensor([-1.0])
    return clipped_surrogate_loss(old + math.log(ratio), old, torch.tensor([advantage]), 0.2, dual_clip).item()


def test_within_the_clip_a_loss_is_the_weighted_advantage():
    assert loss_of(ratio=1.1, advantage=2.0) == pytest.approx(-1.1 * 2)
    assert loss_of(ratio=0.9, advantage=-2.0) == pytest.approx(0.9 * 2)


def test_a_good_action_is_rewarded_no_further_once_it_is_likely_enough():
    assert loss_of(ratio=1.5, advantage=2.0) == pytest.approx(-1.2 * 2)


def test_a_good_action_that_became_unlikely_is_pulled_back_in_full():
    assert loss_of(ratio=0.5, advantage=2.0) == pytest.approx(-0.5 * 2)


def test_a_bad_action_is_spared_once_it_is_unlikely_enough():
    assert loss_of(ratio=0.5, advantage=-2.0) == pytest.approx(0.8 * 2)


def test_a_bad_action_that_became_likely_weighs_in_full_unless_clipped_twice():
    assert loss_of(ratio=5.0, advantage=-2.0) == pytest.approx(5 * 2)
    assert loss_of(ratio=5.0, advantage=-2.0, dual_clip=3.0) == pytest.approx(3 * 2)


@pytest.mark.parametrize(("ratio", "advantage"), [(0.5, 2.0), (5.0, 2.0), (1.1, -2.0), (2.9, -2.0)])
def test_the_second_clip_leaves_all_other_actions_alone(ratio, advantage):
    assert loss_of(ratio, advantage, dual_clip=3.0) == loss_of(ratio, advantage)


@pytest.mark.parametrize(("ratio", "advantage", "moves"), [(1.5, 1.0, False), (0.5, 1.0, True), (0.5, -1.0, False), (1.5, -1.0, True)])
def test_a_clipped_action_has_no_gradient(ratio, advantage, moves):
    log_probs = torch.tensor([math.log(ratio)], requires_grad=True)
    clipped_surrogate_loss(log_probs, torch.zeros(1), torch.tensor([advantage]), 0.2).backward()
    assert log_probs.grad.item() == pytest.approx(-ratio * advantage if moves else 0)


def test_the_loss_is_a_mean_over_the_batch():
    old = torch.zeros(2)
    assert clipped_surrogate_loss(old, old, torch.tensor([1.0, 3.0]), 0.2).item() == -2


@pytest.mark.parametrize(
    ("value", "old", "target", "loss"),
    [
        (1.1, 1.0, 2.0, 0.9**2),  # near what it said before: the plain loss
        (1.9, 1.0, 2.0, 0.8**2),  # moved too far towards the target: as if it had moved 0.2
        (0.1, 1.0, 2.0, 1.9**2),  # moved away: in full
        (3.0, 1.0, 2.0, 1.0**2),  # overshot: the worse of 3.0 and 1.2
    ],
)
def test_the_clipped_value_loss_is_the_larger_of_clipped_and_unclipped_error(value, old, target, loss):
    made = clipped_value_loss(*(torch.tensor([number]) for number in (value, old, target)), 0.2)
    assert made.item() == pytest.approx(loss)
