from __future__ import annotations

import pytest
import torch
from attrs import evolve

from rlchassis.data.experience import map_tensors
from rlchassis_testkit.experiences import experience_of
from rlchassis_toolkit.returns import lambda_returns, n_step_transition

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


GAMMA = 0.5


def folded(rewards, **marks):
    """The transition of one window, as plain numbers."""
    transition = n_step_transition(experience_of(rewards, **marks), GAMMA)
    parts = (transition.obs, transition.rewards, transition.next_obs, transition.discounts, transition.weights)
    return [part.item() for part in parts]


@pytest.mark.parametrize(
    ("marks", "rewards", "next_obs", "discount"),
    [
        ({}, 1 + 0.5 * 2 + 0.25 * 4, 3, 0.125),
        ({"terminated": [2]}, 3, 3, 0),
        ({"truncated": [2]}, 3, 3, 0.125),
        ({"terminated": [1]}, 2, 2, 0),
        ({"truncated": [1]}, 2, 2, 0.25),
        ({"terminated": [0]}, 1, 1, 0),
        ({"truncated": [0]}, 1, 1, 0.5),
        ({"invalid": [2]}, 2, 2, 0.25),
        ({"invalid": [1, 2]}, 1, 1, 0.5),
        ({"truncated": [0], "terminated": [2]}, 1, 1, 0.5),
        ({"terminated": [0], "truncated": [1]}, 1, 1, 0),
    ],
)
def test_by_hand_three_steps_are_one_up_to_where_the_episode_breaks_off(marks, rewards, next_obs, discount):
    assert folded([1, 2, 4], **marks) == [0, rewards, next_obs, discount, 1]


@pytest.mark.parametrize(("marks", "discount"), [({}, 0.5), ({"truncated": [0]}, 0.5), ({"terminated": [0]}, 0)])
def test_by_hand_one_step_is_itself(marks, discount):
    assert folded([3], **marks) == [0, 3, 1, discount, 1]


def test_windows_are_folded_each_by_itself_and_keep_the_weights_of_their_first_rows():
    windows = [experience_of([1, 2], terminated=[0]), experience_of([1, 2], truncated=[0]), experience_of([1, 2])]
    together = map_tensors(lambda *parts: torch.cat(parts, 1), *windows)
    weighted = evolve(together, weights=torch.tensor([[0.5, 1.0, 0.25], [2.0, 3.0, 4.0]]))
    transition = n_step_transition(weighted, GAMMA)
    assert transition.rewards.tolist() == [1, 1, 2]
    assert transition.discounts.tolist() == [0, 0.5, 0.25]
    assert transition.next_obs.flatten().tolist() == [1, 1, 2]
    assert transition.weights.tolist() == [0.5, 1, 0.25]
