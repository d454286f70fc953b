from __future__ import annotations

import torch

from rlchassis_ddpg.loss import td_target


def test_a_target_counts_the_reward_and_what_follows_by_its_discount():
    assert td_target(torch.tensor([1.0, -1.0]), torch.tensor([0.5, 0.25]), torch.tensor([4.0, 8.0])).tolist() == [3, 1]


def test_nothing_follows_a_termination():
    assert td_target(torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([4.0])).tolist() == [1]
