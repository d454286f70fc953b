"""Targets under action masks: the best action at s′ is the best of those that are allowed there."""

from __future__ import annotations

import pytest
import torch
from gymnasium import spaces

from rlchassis.api import Transition
from rlchassis_dqn import DQN, DQNAgentFactory, DQNParams
from rlchassis_testkit.making import VECTOR, make_algorithm
from rlchassis_toolkit import MaskedValues

MASKED = spaces.Dict({"observation": VECTOR, "action_mask": spaces.MultiBinary(3)})


class FixedValues(torch.nn.Module):
    """The values are the observations, times a factor."""

    def __init__(self, *factors: float) -> None:
        super().__init__()
        self.factors = torch.nn.Parameter(torch.tensor(factors))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return obs * self.factors


def transition(mask: list[int], discount: float = 0.5) -> Transition:
    seen = {"observation": torch.tensor([[1.0, 2.0, 3.0]]), "action_mask": torch.ones(1, 3, dtype=torch.int8)}
    following = {**seen, "action_mask": torch.tensor([mask], dtype=torch.int8)}
    return Transition(seen, torch.tensor([1]), torch.tensor([10.0]), following, torch.tensor([discount]), torch.ones(1))


def masked_dqn(is_double: bool) -> DQN:
    algorithm: DQN = make_algorithm(DQNAgentFactory(params=DQNParams(is_double=is_double)), spaces.Discrete(3), MASKED)
    algorithm.policy.network, algorithm.target = MaskedValues(FixedValues(1.0, 1.0, 1.0)), MaskedValues(FixedValues(9.0, 2.0, 1.0))
    return algorithm


@pytest.mark.parametrize(
    ("is_double", "mask", "best"),
    [(False, [1, 1, 1], 9.0), (False, [0, 1, 1], 4.0), (True, [1, 1, 1], 3.0), (True, [1, 1, 0], 4.0), (True, [1, 0, 0], 9.0)],
)
def test_a_target_takes_the_best_allowed_action(is_double, mask, best):
    """Target values are 9, 4 and 3, those of the online network 1, 2 and 3."""
    batch = transition(mask)
    assert masked_dqn(is_double)._targets(batch, batch.next_obs).tolist() == [10 + 0.5 * best]


@pytest.mark.parametrize("is_double", [False, True])
def test_after_termination_the_target_is_the_reward_and_the_loss_has_finite_gradients(is_double):
    algorithm = masked_dqn(is_double)
    loss, _ = algorithm._loss(transition([1, 1, 1], discount=0.0))
    assert loss.item() == pytest.approx(10 - 2 - 0.5)
    loss.backward()
    assert algorithm.policy.network.network.factors.grad.tolist() == [0.0, -2.0, 0.0]
