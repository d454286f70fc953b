from __future__ import annotations

import math

import pytest
import torch

from rlchassis_trpo.loss import longest_step_size, surrogate_loss


def test_by_hand_the_loss_is_the_mean_advantage_weighted_by_how_much_likelier_actions_became_negated():
    old = torch.tensor([-1.0, -2.0])
    new = old + torch.tensor([math.log(1.5), math.log(0.5)])
    assert surrogate_loss(new, old, torch.tensor([2.0, -4.0])).item() == pytest.approx(-(1.5 * 2 - 0.5 * 4) / 2)


def test_its_gradient_is_that_of_the_policy_where_nothing_has_changed_yet():
    log_probs = torch.tensor([-1.0, -2.0], requires_grad=True)
    surrogate_loss(log_probs, log_probs.detach(), torch.tensor([2.0, -4.0])).backward()
    assert log_probs.grad.tolist() == pytest.approx([-2 / 2, 4 / 2])


def test_by_hand_a_step_is_as_long_as_the_divergence_allows():
    direction, image = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])  # F is diag(2, 1/2)
    assert longest_step_size(direction, image, max_kl=0.5).item() == pytest.approx(0.5)  # ½ (2 · ½² + ½ · 1²) = ½


def test_a_longer_direction_makes_the_same_step():
    direction, image = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])
    assert torch.allclose(7 * longest_step_size(7 * direction, 7 * image, 0.01), longest_step_size(direction, image, 0.01))


def test_where_there_is_no_direction_the_size_of_the_step_is_finite():
    assert longest_step_size(torch.zeros(2), torch.zeros(2), 0.01).isfinite()
