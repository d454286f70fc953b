from __future__ import annotations

import pytest
import torch

from rlchassis.errors import UsageError
from rlchassis_toolkit.losses import (
    actor_critic_loss,
    deterministic_policy_loss,
    huber_loss,
    normalized,
    quantile_huber_loss,
    squared_loss,
    value_loss,
)


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


@pytest.mark.parametrize("loss", [squared_loss, huber_loss, lambda values, targets, _: value_loss(values, targets)])
@pytest.mark.parametrize("shape", [(3, 1), (2, 3, 1), (1,)])
def test_values_that_are_not_one_for_each_row_are_refused(loss, shape):
    with pytest.raises(UsageError, match=r"a critic answers \[.*\] for \[3\] rows, not one number for each; squeeze"):
        loss(torch.zeros(shape), torch.zeros(3), torch.ones(3))


def test_by_hand_a_deterministic_policy_loses_what_its_actions_are_worth_by_weight():
    values = torch.tensor([3.0, -1.0], requires_grad=True)
    loss = deterministic_policy_loss(values, torch.tensor([1.0, 0.5]))
    assert loss.item() == pytest.approx(-(3 - 0.5) / 2)
    loss.backward()
    assert values.grad.tolist() == [-0.5, -0.25]


def cost_of(quantile: float, fraction: float, target: float, delta: float = 1.0) -> float:
    each = (torch.tensor([[value]]) for value in (quantile, fraction, target))
    return quantile_huber_loss(*each, torch.ones(1), delta).item()


@pytest.mark.parametrize(
    ("target", "cost"),
    [
        (1.5, 0.25 * 0.5**2 / 2),  # a quarter of the mass should lie below: too low costs a quarter
        (0.5, 0.75 * 0.5**2 / 2),  # and too high three quarters
        (4.0, 0.25 * (3 - 0.5)),
        (-2.0, 0.75 * (3 - 0.5)),
        (1.0, 0.0),
    ],
)
def test_by_hand_an_error_of_a_quantile_costs_by_its_side_and_beyond_delta_in_a_straight_line(target, cost):
    assert cost_of(1.0, 0.25, target) == pytest.approx(cost)


def test_by_hand_delta_is_where_the_line_begins_and_what_costs_are_divided_by():
    assert cost_of(1.0, 0.25, 4.0, delta=2.0) == pytest.approx(0.25 * 2 * (3 - 1) / 2)
    assert cost_of(1.0, 0.25, 2.0, delta=2.0) == pytest.approx(0.25 * (1 / 2) / 2)


def test_by_hand_costs_are_summed_over_quantiles_and_averaged_over_targets_and_rows_by_weight():
    quantiles, fractions = torch.tensor([[0.0, 1.0], [2.0, 2.0]]), torch.tensor([[0.5, 0.25], [0.5, 0.5]])
    targets = torch.tensor([[1.0, 0.0, 0.5], [2.0, 2.0, 4.0]])
    first = (0.5 * 0.5 + 0 + 0.5 * 0.125) / 3 + (0 + 0.75 * 0.5 + 0.75 * 0.125) / 3
    second = 2 * (0.5 * 1.5) / 3
    assert quantile_huber_loss(quantiles, fractions, targets, torch.ones(2)).item() == pytest.approx((first + second) / 2)
    weighted = quantile_huber_loss(quantiles, fractions, targets, torch.tensor([0.5, 0.0]))
    assert weighted.item() == pytest.approx(0.5 * first / 2)


def test_quantiles_that_are_moved_down_the_loss_come_to_rest_where_their_fraction_of_the_targets_lies_below():
    quantiles = torch.zeros(1, 3, requires_grad=True)
    fractions, targets = torch.tensor([[0.1, 0.5, 0.9]]), torch.linspace(0, 100, 1001)[None]
    optimizer = torch.optim.SGD([quantiles], lr=10)
    for _ in range(300):
        optimizer.zero_grad()
        quantile_huber_loss(quantiles, fractions, targets, torch.ones(1), delta=0.01).backward()
        optimizer.step()
    assert quantiles.tolist()[0] == pytest.approx([10, 50, 90], abs=0.5)
