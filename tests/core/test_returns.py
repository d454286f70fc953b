from __future__ import annotations

import pytest
import torch

from rlchassis.returns import lambda_returns

REWARDS = [1.0, 2.0, 4.0]
NEXT_VALUES = [10.0, 20.0, 40.0]


def returns(discounts: list[float], lambdas: list[float]) -> list[float]:
    return lambda_returns(*map(torch.tensor, (REWARDS, discounts, NEXT_VALUES, lambdas))).tolist()


def test_with_lambda_0_a_return_is_the_reward_and_the_value_that_follows():
    assert returns([0.5] * 3, [0.0] * 3) == [1 + 5, 2 + 10, 4 + 20]


def test_with_lambda_1_a_return_is_all_that_was_earned_and_the_last_value():
    assert returns([0.5] * 3, [1.0] * 3) == [1 + 0.5 * 14, 2 + 0.5 * 24, 4 + 20]


def test_between_them_both_are_blended():
    last = 4 + 0.5 * 40
    second = 2 + 0.5 * (0.75 * 20 + 0.25 * last)
    first = 1 + 0.5 * (0.75 * 10 + 0.25 * second)
    assert returns([0.5] * 3, [0.25] * 3) == pytest.approx([first, second, last])


@pytest.mark.parametrize("trace", [0.0, 0.25, 1.0])
def test_after_termination_nothing_is_earned(trace):
    assert returns([0.5, 0.0, 0.5], [trace, 0.0, trace])[1] == 2
    assert returns([0.5, 0.0, 0.5], [trace, trace, trace])[1] == 2


def test_a_truncated_episode_earns_the_value_of_its_final_observation_and_nothing_of_the_next_episode():
    assert returns([0.5] * 3, [1.0, 0.0, 1.0]) == [1 + 0.5 * 12, 2 + 0.5 * 20, 4 + 0.5 * 40]


def test_environments_do_not_mix():
    rewards, values = torch.tensor([[1.0, 10.0], [2.0, 20.0]]), torch.tensor([[3.0, 30.0], [4.0, 40.0]])
    both = lambda_returns(rewards, torch.full((2, 2), 0.5), values, torch.ones(2, 2))
    assert both.tolist() == [[1 + 0.5 * 4, 10 + 0.5 * 40], [2 + 2, 20 + 20]]
