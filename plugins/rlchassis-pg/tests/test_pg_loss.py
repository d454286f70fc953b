from __future__ import annotations

import pytest
import torch

from rlchassis_pg.loss import reinforce_loss


def test_by_hand_the_loss_is_minus_the_mean_of_returns_weighed_by_log_probabilities():
    assert reinforce_loss(torch.tensor([-0.5, -2.0]), torch.tensor([4.0, -3.0])).item() == -(-0.5 * 4 + -2 * -3) / 2


def test_descending_it_makes_actions_likelier_by_their_returns():
    log_probs = torch.tensor([-0.5, -2.0], requires_grad=True)
    reinforce_loss(log_probs, torch.tensor([4.0, -3.0])).backward()
    assert log_probs.grad.tolist() == [-4 / 2, 3 / 2]


def test_on_average_its_gradient_is_that_of_the_expected_return():
    """Two actions that return 3 and 1, as often as they are likely:  ∂/∂θ [ 3 p + 1 (1 − p) ] = 2 p (1 − p)  with  p = σ(θ)."""
    theta = torch.tensor(0.7, requires_grad=True)
    p = theta.sigmoid()
    log_probs = torch.stack([p.log(), (1 - p).log()])
    loss = sum(
        chance * reinforce_loss(log_probs[i : i + 1], torch.tensor([[3.0, 1.0][i]])) for i, chance in enumerate([p.item(), 1 - p.item()])
    )
    loss.backward()
    assert theta.grad.item() == pytest.approx(-2 * (p * (1 - p)).item())
