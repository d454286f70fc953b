from __future__ import annotations

import pytest
import torch

from rlchassis.losses import actor_critic_loss, deterministic_policy_loss, huber_loss, normalized, squared_loss, value_loss


def test_normalized_values_have_mean_0_and_the_standard_deviation_1_of_a_population():
    assert normalized(torch.tensor([1.0, 3.0])).tolist() == pytest.approx([-1, 1])
    assert normalized(torch.tensor([0.0, 0.0, 0.0, 4.0])).tolist() == pytest.approx([-1 / 3**0.5] * 3 + [3**0.5])


def test_one_value_or_equal_values_become_0():
    assert normalized(torch.tensor([7.0])).tolist() == [0]
    assert normalized(torch.tensor([7.0, 7.0])).tolist() == [0, 0]


def test_by_hand_the_loss_of_values_is_the_mean_squared_error():
    assert value_loss(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 5.0])).item() == (1 + 9) / 2


def test_the_loss_of_actor_and_critic_is_the_sum_of_its_weighted_parts():
    parts = torch.tensor(3.0), torch.tensor(5.0), torch.tensor(2.0)
    assert actor_critic_loss(*parts, vf_coef=0.5, ent_coef=0.1).item() == pytest.approx(3 + 0.5 * 5 - 0.1 * 2)
    assert actor_critic_loss(*parts, vf_coef=0.0, ent_coef=0.0).item() == 3


def test_an_entropy_without_weight_may_be_infinite():
    assert actor_critic_loss(torch.tensor(3.0), torch.tensor(5.0), torch.tensor(torch.inf), 1.0, 0.0).item() == 8


VALUES, TARGETS = torch.tensor([0.0, 3.0, -4.0]), torch.tensor([1.0, 1.0, 1.0])


@pytest.mark.parametrize(("weights", "loss"), [([1.0, 1.0, 1.0], (1 + 4 + 25) / 3), ([1.0, 0.5, 0.0], (1 + 2) / 3)])
def test_by_hand_the_squared_loss_weighs_each_error(weights, loss):
    assert squared_loss(VALUES, TARGETS, torch.tensor(weights)).item() == pytest.approx(loss)


@pytest.mark.parametrize(
    ("weights", "delta", "loss"),
    [
        ([1.0, 1.0, 1.0], 1.0, (0.5 + 1.5 + 4.5) / 3),
        ([1.0, 1.0, 1.0], 2.0, (0.5 + 2.0 + 8.0) / 3),
        ([0.0, 1.0, 2.0], 1.0, (1.5 + 9.0) / 3),
    ],
)
def test_by_hand_the_huber_loss_grows_in_a_straight_line_beyond_delta(weights, delta, loss):
    assert huber_loss(VALUES, TARGETS, torch.tensor(weights), delta).item() == pytest.approx(loss)


def test_the_gradient_of_the_huber_loss_is_at_most_delta():
    values = VALUES.clone().requires_grad_()
    huber_loss(values, TARGETS, torch.ones(3), 1.5).backward()
    assert (values.grad * 3).tolist() == pytest.approx([-1, 1.5, -1.5])


@pytest.mark.parametrize("loss", [squared_loss, huber_loss])
def test_losses_of_several_critics_are_added_so_that_none_learns_slower_for_the_others(loss):
    weights = torch.tensor([1.0, 0.5, 2.0])
    each = [loss(values, TARGETS, weights).item() for values in (VALUES, 2 * VALUES)]
    assert loss(torch.stack([VALUES, 2 * VALUES]), TARGETS, weights).item() == pytest.approx(sum(each))


def test_by_hand_a_deterministic_policy_loses_what_its_actions_are_worth_by_weight():
    values = torch.tensor([3.0, -1.0], requires_grad=True)
    loss = deterministic_policy_loss(values, torch.tensor([1.0, 0.5]))
    assert loss.item() == pytest.approx(-(3 - 0.5) / 2)
    loss.backward()
    assert values.grad.tolist() == [-0.5, -0.25]
