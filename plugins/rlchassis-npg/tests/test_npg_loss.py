from __future__ import annotations

import pytest
import torch

from rlchassis_npg.loss import policy_gradient_loss


def test_by_hand_the_loss_is_the_mean_of_log_probabilities_weighted_by_advantages_negated():
    assert policy_gradient_loss(torch.tensor([-1.0, -2.0]), torch.tensor([2.0, -4.0])).item() == pytest.approx(-(-1 * 2 + 2 * 4) / 2)


def test_its_gradient_makes_good_actions_likelier():
    log_probs = torch.tensor([-1.0, -2.0], requires_grad=True)
    policy_gradient_loss(log_probs, torch.tensor([2.0, -4.0])).backward()
    assert log_probs.grad.tolist() == pytest.approx([-2 / 2, 4 / 2])
