from __future__ import annotations

import pytest
import torch

from rlchassis_a2c.loss import policy_gradient_loss


def test_by_hand_the_loss_is_minus_the_mean_of_advantages_weighed_by_log_probabilities():
    assert policy_gradient_loss(torch.tensor([-0.5, -2.0]), torch.tensor([4.0, -3.0])).item() == -(-0.5 * 4 + -2 * -3) / 2


def test_descending_it_makes_good_actions_likelier_and_bad_ones_less_likely():
    log_probs = torch.tensor([-0.5, -2.0], requires_grad=True)
    policy_gradient_loss(log_probs, torch.tensor([4.0, -3.0])).backward()
    assert log_probs.grad.tolist() == [-4 / 2, 3 / 2]


def test_of_two_equally_likely_actions_the_better_one_is_pushed_by_half_the_difference():
    logits, advantages = torch.zeros(1, 2, requires_grad=True), torch.tensor([3.0, 1.0])
    policy_gradient_loss(logits.log_softmax(-1)[0], advantages).backward()
    assert logits.grad[0].tolist() == pytest.approx([-(3 - 1) / 4, (3 - 1) / 4])
