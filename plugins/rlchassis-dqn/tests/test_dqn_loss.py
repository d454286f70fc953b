from __future__ import annotations

import torch

from rlchassis_dqn.loss import q_target, value_of

VALUES = torch.tensor([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]])


def test_of_all_values_those_of_the_actions_are_picked():
    assert value_of(torch.tensor([2, 1]), VALUES).tolist() == [3, 5]


def test_the_value_of_an_action_has_no_gradient_for_the_others():
    values = VALUES.clone().requires_grad_()
    value_of(torch.tensor([2, 1]), values).sum().backward()
    assert values.grad.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_a_plain_target_counts_the_best_of_the_next_values():
    target = q_target(torch.tensor([1.0, -1.0]), torch.tensor([0.5, 0.5]), VALUES)
    assert target.tolist() == [1 + 0.5 * 3, -1 + 0.5 * 6]


def test_a_double_target_lets_one_network_choose_and_another_judge():
    choosing = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    target = q_target(torch.tensor([1.0, -1.0]), torch.tensor([0.5, 0.5]), VALUES, choosing)
    assert target.tolist() == [1 + 0.5 * 1, -1 + 0.5 * 4]


def test_nothing_follows_a_termination():
    assert q_target(torch.tensor([1.0, -1.0]), torch.zeros(2), VALUES).tolist() == [1, -1]
