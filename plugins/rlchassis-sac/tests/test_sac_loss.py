from __future__ import annotations

import pytest
import torch

from rlchassis_sac.loss import policy_loss, soft_target

tensor = torch.tensor


def test_a_target_trusts_the_more_cautious_critic_and_pays_for_randomness_to_come():
    target = soft_target(tensor([1.0]), tensor([0.9]), tensor([[3.0], [2.0]]), tensor([-0.5]), tensor(0.2))
    assert target.item() == pytest.approx(1 + 0.9 * (2 + 0.2 * 0.5))


def test_after_the_end_neither_value_nor_entropy_counts():
    assert soft_target(tensor([1.0]), tensor([0.0]), tensor([[3.0], [2.0]]), tensor([-0.5]), tensor(0.2)).item() == 1


def test_each_row_has_its_own_most_cautious_critic():
    targets = soft_target(torch.zeros(2), torch.ones(2), tensor([[3.0, 1.0], [2.0, 4.0]]), torch.zeros(2), tensor(0.2))
    assert targets.tolist() == [2, 1]


def test_by_hand_the_policy_pays_for_certainty_and_earns_what_the_more_cautious_critic_says():
    values, log_probs = tensor([[3.0, 1.0], [2.0, 4.0]]), tensor([-0.5, 1.0])
    assert policy_loss(values, log_probs, tensor(0.2), torch.ones(2)).item() == pytest.approx(((-0.1 - 2) + (0.2 - 1)) / 2)
    assert policy_loss(values, log_probs, tensor(0.2), tensor([1.0, 0.5])).item() == pytest.approx(((-0.1 - 2) + 0.5 * (0.2 - 1)) / 2)


def test_the_policy_is_pulled_by_the_more_cautious_critic_alone():
    values = tensor([[3.0, 1.0], [2.0, 4.0]], requires_grad=True)
    policy_loss(values, torch.zeros(2), tensor(0.2), torch.ones(2)).backward()
    assert values.grad.tolist() == [[0, -0.5], [-0.5, 0]]
