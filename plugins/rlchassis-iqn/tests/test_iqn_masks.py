"""Targets and values under action masks are those of the allowed actions."""

from __future__ import annotations

import math

import pytest
import torch
from gymnasium import spaces

from rlchassis.api import Transition
from rlchassis_iqn import IQN, IQNAgentFactory
from rlchassis_iqn.algorithm import IQNBatch
from rlchassis_iqn.loss import quantile_target
from rlchassis_testkit.making import VECTOR, make_algorithm

MASKED = spaces.Dict({"observation": VECTOR, "action_mask": spaces.MultiBinary(3)})
MASKS = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 1]], dtype=torch.int8)


def observations() -> dict[str, torch.Tensor]:
    return {"observation": torch.rand(3, 3, generator=torch.Generator().manual_seed(1)), "action_mask": MASKS}


@pytest.fixture
def iqn() -> IQN:
    algorithm: IQN = make_algorithm(IQNAgentFactory(), spaces.Discrete(3), MASKED)
    return algorithm


def test_values_of_forbidden_actions_are_minus_infinity_and_others_as_without_mask(iqn):
    obs, network = observations(), iqn.policy.network
    values = iqn.policy.values(obs, explore=False, rng=torch.Generator())
    plain = network.quantiles(network.features(obs), iqn.policy.middles).mean(-2)
    assert torch.equal(values == -math.inf, MASKS == 0)
    assert torch.equal(values[MASKS == 1], plain[MASKS == 1])


def test_a_target_takes_the_best_allowed_action(iqn):
    obs, params = observations(), iqn.params
    rewards, discounts = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.9, 0.9, 0.0])
    step = Transition(obs, torch.tensor([0, 1, 2]), rewards, obs, discounts, torch.ones(3))
    fractions = torch.rand(3, params.target_sample_size + params.sample_size, generator=torch.Generator().manual_seed(2))
    targets = iqn._targets(IQNBatch(step, fractions[:, :4], fractions))
    quantiles = iqn.target.quantiles(iqn.target.features(obs), fractions)
    count = params.target_sample_size
    for row, allowed in enumerate(([0, 2], [1], [0, 1, 2])):
        found = quantiles[row : row + 1, :, allowed]
        by_hand = quantile_target(rewards[row : row + 1], discounts[row : row + 1], found[:, :count], found[:, count:])
        assert torch.allclose(targets[row], by_hand[0])


def test_gradients_under_masks_are_finite(iqn):
    obs = observations()
    step = Transition(obs, torch.tensor([0, 1, 2]), torch.zeros(3), obs, torch.tensor([0.9, 0.9, 0.0]), torch.ones(3))
    fractions = torch.rand(3, iqn.params.target_sample_size + iqn.params.sample_size)
    loss, _ = iqn._loss(IQNBatch(step, fractions[:, : iqn.params.online_sample_size], fractions))
    loss.backward()
    assert all(p.grad.isfinite().all() for p in iqn.policy.parameters())
