from __future__ import annotations

import pytest
import torch

from rlchassis_redq.loss import policy_loss, subset_target

tensor = torch.tensor
SUBSET = tensor([[3.0, 1.0], [2.0, 4.0]])


@pytest.mark.parametrize(("mode", "expected"), [("min", [2.0, 1.0]), ("mean", [2.5, 2.5])])
def test_by_hand_a_target_is_what_the_subset_says_with_what_entropy_is_worth(mode, expected):
    targets = subset_target(torch.ones(2), tensor([0.9, 0.5]), SUBSET, tensor([-0.5, 1.0]), tensor(0.2), mode)
    assert targets.tolist() == pytest.approx([1 + 0.9 * (expected[0] + 0.1), 1 + 0.5 * (expected[1] - 0.2)])


def test_after_the_end_neither_value_nor_entropy_counts():
    assert subset_target(torch.ones(2), torch.zeros(2), SUBSET, tensor([-0.5, 1.0]), tensor(0.2), "min").tolist() == [1, 1]


def test_by_hand_the_policy_earns_what_all_critics_say_in_the_mean():
    log_probs, weights = tensor([-0.5, 1.0]), tensor([1.0, 0.5])
    assert policy_loss(SUBSET, log_probs, tensor(0.2), torch.ones(2)).item() == pytest.approx(((-0.1 - 2.5) + (0.2 - 2.5)) / 2)
    assert policy_loss(SUBSET, log_probs, tensor(0.2), weights).item() == pytest.approx(((-0.1 - 2.5) + 0.5 * (0.2 - 2.5)) / 2)
