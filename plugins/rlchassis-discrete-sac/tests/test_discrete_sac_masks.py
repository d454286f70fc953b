"""Targets, losses and temperature under action masks are those of the allowed actions."""

from __future__ import annotations

import math

import pytest
import torch
from gymnasium import spaces

from rlchassis.api import Transition
from rlchassis_discrete_sac import DiscreteSAC, DiscreteSACAgentFactory, DiscreteSACParams
from rlchassis_discrete_sac.loss import largest_entropy_share, log_probs_of
from rlchassis_testkit.making import VECTOR, make_algorithm
from rlchassis_toolkit import AutoAlphaFactoryDefault

MASKED = spaces.Dict({"observation": VECTOR, "action_mask": spaces.MultiBinary(3)})
MASKS = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 1]], dtype=torch.int8)


def transition() -> Transition:
    seen = torch.rand(3, 3, generator=torch.Generator().manual_seed(1))
    obs = {"observation": seen, "action_mask": MASKS}
    return Transition(obs, torch.tensor([0, 1, 2]), torch.tensor([1.0, 2.0, 3.0]), obs, torch.tensor([0.9, 0.9, 0.0]), torch.ones(3))


def masked_sac(**params) -> DiscreteSAC:
    agent = DiscreteSACAgentFactory(params=DiscreteSACParams(**params))
    algorithm: DiscreteSAC = make_algorithm(agent, spaces.Discrete(3), MASKED)
    with torch.no_grad():
        algorithm.policy.actor.network.head.weight.mul_(400)
    return algorithm


def test_a_target_is_the_expectation_over_allowed_actions():
    sac, batch, alpha = masked_sac(alpha=0.3), transition(), 0.3
    targets = sac._targets(batch)
    values, logits = sac.target_critics(batch.next_obs).amin(0), sac.policy.actor.network(batch.next_obs["observation"]).logits
    for row, allowed in enumerate(([0, 2], [1], [0, 1, 2])):
        log_probs = logits[row, allowed].log_softmax(-1)
        soft = (log_probs.exp() * (values[row, allowed] - alpha * log_probs)).sum()
        assert targets[row].item() == pytest.approx((batch.rewards[row] + batch.discounts[row] * soft).item(), rel=1e-5)


def test_losses_and_gradients_are_finite():
    sac, batch = masked_sac(), transition()
    for loss, _ in (sac._critic_loss(batch), sac._policy_loss(batch)):
        loss.backward()
    assert all(p.grad.isfinite().all() for module in (sac.policy, sac.critics) for p in module.parameters())


def test_the_share_of_the_largest_entropy_follows_the_number_of_allowed_actions():
    logits = torch.zeros(3, 3).masked_fill(MASKS == 0, -math.inf)
    assert largest_entropy_share(log_probs_of(logits)).tolist() == pytest.approx([math.log(2) / math.log(3), 0.0, 1.0])
    assert largest_entropy_share(torch.zeros(2, 1)).tolist() == [0.0, 0.0]


def test_a_temperature_stands_still_where_every_state_has_its_share_of_the_target_entropy():
    """With one allowed action there is no entropy to be had, and none is asked for."""
    sac = masked_sac(alpha=AutoAlphaFactoryDefault(discrete_fraction=1.0))
    with torch.no_grad():
        sac.policy.actor.network.head.weight.zero_()
        sac.policy.actor.network.head.bias.zero_()
    _, metrics = sac._policy_loss(transition())
    learned = sac.temperature.learn(metrics["entropies"], torch.ones(3), metrics["shares"])
    assert learned["alpha_loss"].item() == pytest.approx(0.0, abs=1e-6)
    assert sac.temperature.alpha.item() == pytest.approx(1.0, abs=1e-6)
