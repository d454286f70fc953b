from __future__ import annotations

import math

import pytest
import torch

from rlchassis_discrete_sac.loss import entropy_of, log_probs_of, policy_loss, soft_target, values_of

tensor = torch.tensor
VALUES = tensor([[[3.0, 1.0], [0.0, 5.0]], [[2.0, 4.0], [6.0, 1.0]]])
"""Of two critics, two rows and two actions; the smaller ones are 2 and 1 in the first row, 0 and 1 in the second."""
PROBS = tensor([[0.75, 0.25], [0.5, 0.5]])
ALPHA = tensor(0.2)


def soft_value(row: int) -> float:
    """Σ π (min q − α log π), written out."""
    smaller = ([2.0, 1.0], [0.0, 1.0])[row]
    return sum(p * (q - 0.2 * math.log(p)) for p, q in zip(PROBS[row].tolist(), smaller, strict=True))


def test_of_all_values_those_of_the_actions_are_picked_for_each_critic():
    assert values_of(tensor([1, 0]), VALUES).tolist() == [[1, 0], [4, 6]]


def test_by_hand_a_target_is_the_mean_over_actions_of_the_more_cautious_critic_and_of_randomness_to_come():
    target = soft_target(tensor([1.0, -1.0]), tensor([0.9, 0.5]), VALUES, PROBS.log(), ALPHA)
    assert target.tolist() == pytest.approx([1 + 0.9 * soft_value(0), -1 + 0.5 * soft_value(1)])


def test_after_the_end_neither_value_nor_entropy_counts():
    assert soft_target(tensor([1.0, 2.0]), torch.zeros(2), VALUES, PROBS.log(), ALPHA).tolist() == [1, 2]


def test_by_hand_the_policy_loses_what_it_is_worth():
    assert policy_loss(VALUES, PROBS.log(), ALPHA, torch.ones(2)).item() == pytest.approx(-(soft_value(0) + soft_value(1)) / 2)
    weighted = policy_loss(VALUES, PROBS.log(), ALPHA, tensor([0.5, 0.0]))
    assert weighted.item() == pytest.approx(-0.5 * soft_value(0) / 2)


def test_expectations_are_what_the_means_of_many_samples_come_to():
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 4, generator=rng)
    values, log_probs = torch.randn(2, 1, 4, generator=rng), logits.log_softmax(-1)
    drawn = torch.multinomial(log_probs.exp()[0], 200_000, replacement=True, generator=rng)
    sampled = (values.amin(0)[0, drawn] - ALPHA * log_probs[0, drawn]).mean().item()
    assert soft_target(torch.zeros(1), torch.ones(1), values, log_probs, ALPHA).item() == pytest.approx(sampled, abs=0.01)
    assert policy_loss(values, log_probs, ALPHA, torch.ones(1)).item() == pytest.approx(-sampled, abs=0.01)
    assert entropy_of(log_probs).item() == pytest.approx(-log_probs[0, drawn].mean().item(), abs=0.01)


def test_the_best_policy_is_the_softmax_of_values_over_temperature():
    logits = torch.zeros(1, 2, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    values = tensor([[[1.0, 1.3]], [[2.0, 1.1]]])
    for _ in range(600):
        optimizer.zero_grad()
        policy_loss(values, logits.log_softmax(-1), ALPHA, torch.ones(1)).backward()
        optimizer.step()
    best = torch.softmax(tensor([1.0, 1.1]) / 0.2, -1)
    assert logits.softmax(-1)[0].tolist() == pytest.approx(best.tolist(), abs=1e-3)


def test_an_action_that_is_ruled_out_counts_for_nothing_and_learns_nothing():
    logits = tensor([[0.5, -math.inf, -0.5]], requires_grad=True)
    allowed = tensor([[0.5, -0.5]], requires_grad=True)
    values = tensor([[[1.0, 9.0, 2.0]], [[2.0, 9.0, 1.0]]])
    losses = [
        policy_loss(those, log_probs, tensor(5.0), torch.ones(1)) - entropy_of(log_probs).mean()
        for those, log_probs in ((values, log_probs_of(logits)), (values[..., [0, 2]], log_probs_of(allowed)))
    ]
    assert losses[0].item() == pytest.approx(losses[1].item())
    sum(losses).backward()
    assert logits.grad[0].tolist() == pytest.approx([allowed.grad[0, 0].item(), 0.0, allowed.grad[0, 1].item()])


def test_the_entropy_of_even_odds_is_the_logarithm_of_their_number():
    assert entropy_of(torch.full((1, 4), -math.log(4))).item() == pytest.approx(math.log(4))
    assert entropy_of(tensor([[0.0, -200.0]])).item() == 0
