from __future__ import annotations

import torch

from rlchassis_iqn.loss import quantile_target, quantiles_of

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


def test_an_action_may_be_chosen_by_another_number_of_quantiles_than_it_is_judged_by():
    choosing = tensor([[[0.0, 1.0]], [[0.0, 1.0]]])
    assert quantile_target(torch.zeros(2), torch.ones(2), QUANTILES, choosing).tolist() == [[4, 5, 6], [0, 0, 0]]


def test_nothing_follows_a_termination():
    assert quantile_target(tensor([1.0, -1.0]), torch.zeros(2), QUANTILES, QUANTILES).tolist() == [[1] * 3, [-1] * 3]
