from __future__ import annotations

import pytest
import torch

from rlchassis_iqn.loss import quantile_huber_loss, quantile_target, quantiles_of

tensor = torch.tensor
QUANTILES = tensor([[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], [[7.0, 0.0], [8.0, 0.0], [9.0, 0.0]]])
"""Of two rows, three fractions and two actions."""


def test_of_all_quantiles_those_of_the_actions_are_picked():
    assert quantiles_of(tensor([1, 0]), QUANTILES).tolist() == [[4, 5, 6], [7, 8, 9]]


def test_the_quantiles_of_an_action_have_no_gradient_for_the_others():
    quantiles = QUANTILES.clone().requires_grad_()
    quantiles_of(tensor([1, 0]), quantiles).sum().backward()
    assert quantiles.grad.tolist() == [[[0, 1]] * 3, [[1, 0]] * 3]


def test_by_hand_a_target_is_the_reward_and_all_quantiles_of_the_best_next_action():
    targets = quantile_target(tensor([1.0, -1.0]), tensor([0.5, 0.25]), QUANTILES, QUANTILES)
    assert targets.tolist() == [[1 + 0.5 * 4, 1 + 0.5 * 5, 1 + 0.5 * 6], [-1 + 0.25 * 7, -1 + 0.25 * 8, -1 + 0.25 * 9]]


def test_the_best_action_is_that_of_the_highest_mean_of_the_quantiles_it_is_chosen_by():
    often_more = tensor([[[0.0, 1.0], [0.0, 1.0], [4.0, 1.0]]]).expand(2, 3, 2)  # means 4/3 and 1, medians 0 and 1
    targets = quantile_target(torch.zeros(2), torch.ones(2), QUANTILES, often_more)
    assert targets.tolist() == [[1, 2, 3], [7, 8, 9]]


def test_one_high_quantile_does_not_make_an_action_the_best():
    once_more = tensor([[[0.0, 1.0], [0.0, 1.0], [2.0, 1.0]]]).expand(2, 3, 2)  # means 2/3 and 1, largest 2 and 1
    targets = quantile_target(torch.zeros(2), torch.ones(2), QUANTILES, once_more)
    assert targets.tolist() == [[4, 5, 6], [0, 0, 0]]


def test_the_numbers_of_quantiles_for_selecting_and_evaluating_an_action_can_differ():
    choosing = tensor([[[0.0, 1.0]], [[0.0, 1.0]]])
    assert quantile_target(torch.zeros(2), torch.ones(2), QUANTILES, choosing).tolist() == [[4, 5, 6], [0, 0, 0]]


def test_nothing_follows_a_termination():
    assert quantile_target(tensor([1.0, -1.0]), torch.zeros(2), QUANTILES, QUANTILES).tolist() == [[1] * 3, [-1] * 3]


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
