from __future__ import annotations

import pytest
import torch

from rlchassis_td3.loss import cautious_target, smoothed

tensor = torch.tensor


def test_by_hand_noise_is_scaled_then_clipped_then_kept_within_the_range_of_actions():
    actions, noise = tensor([[0.0, 0.0, 0.0, 0.8, -0.8, 0.8]]), tensor([[1.0, 4.0, -4.0, 1.5, -4.0, -1.0]])
    assert smoothed(actions, noise, 0.2, 0.5)[0].tolist() == pytest.approx([0.2, 0.5, -0.5, 1.0, -1.0, 0.6])


def test_without_noise_or_with_a_bound_of_0_actions_stay_as_they_are():
    actions, noise = tensor([[0.3, -0.7]]), tensor([[2.0, -2.0]])
    assert torch.equal(smoothed(actions, noise, 0.0, 0.5), actions)
    assert torch.equal(smoothed(actions, noise, 0.2, 0.0), actions)


def test_each_row_has_its_own_most_cautious_critic():
    targets = cautious_target(tensor([1.0, -1.0]), tensor([0.5, 0.25]), tensor([[4.0, 9.0], [6.0, 8.0]]))
    assert targets.tolist() == [1 + 0.5 * 4, -1 + 0.25 * 8]


def test_nothing_follows_a_termination():
    assert cautious_target(tensor([1.0]), tensor([0.0]), tensor([[4.0], [6.0]])).tolist() == [1]
