from __future__ import annotations

import pytest
import torch

from rlchassis.errors import UsageError
from rlchassis_dqn.loss import huber_loss, q_target, value_of

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


def test_a_double_q_target_selects_by_one_network_and_evaluates_by_the_other():
    choosing = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    target = q_target(torch.tensor([1.0, -1.0]), torch.tensor([0.5, 0.5]), VALUES, choosing)
    assert target.tolist() == [1 + 0.5 * 1, -1 + 0.5 * 4]


def test_nothing_follows_a_termination():
    assert q_target(torch.tensor([1.0, -1.0]), torch.zeros(2), VALUES).tolist() == [1, -1]


LEARNED, TARGETS = torch.tensor([0.0, 3.0, -4.0]), torch.tensor([1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("weights", "delta", "loss"),
    [
        ([1.0, 1.0, 1.0], 1.0, (0.5 + 1.5 + 4.5) / 3),
        ([1.0, 1.0, 1.0], 2.0, (0.5 + 2.0 + 8.0) / 3),
        ([0.0, 1.0, 2.0], 1.0, (1.5 + 9.0) / 3),
    ],
)
def test_by_hand_the_huber_loss_grows_in_a_straight_line_beyond_delta(weights, delta, loss):
    assert huber_loss(LEARNED, TARGETS, torch.tensor(weights), delta).item() == pytest.approx(loss)


def test_the_gradient_of_the_huber_loss_is_at_most_delta():
    values = LEARNED.clone().requires_grad_()
    huber_loss(values, TARGETS, torch.ones(3), 1.5).backward()
    assert (values.grad * 3).tolist() == pytest.approx([-1, 1.5, -1.5])


def test_values_that_are_not_one_for_each_target_are_refused():
    with pytest.raises(UsageError, match=r"got values \[3, 1\], targets \[3\], weights \[3\], expected one shape"):
        huber_loss(LEARNED[:, None], TARGETS, torch.ones(3))
