from __future__ import annotations

import pytest
import torch

from rlchassis.api import Experience
from rlchassis.data.experience import map_tensors
from rlchassis_pg.returns import monte_carlo_returns, standardized
from rlchassis_testkit.experiences import experience_of


def returns_of(rollout: Experience, gamma: float) -> list[float]:
    return monte_carlo_returns(rollout, gamma).flatten().tolist()


def test_where_an_episode_ends_a_return_is_the_discounted_sum_of_what_followed():
    rollout = experience_of([1, 2, 4, 8, 16], terminated=[2, 4])
    assert returns_of(rollout, 0.5) == [1 + 1 + 1, 2 + 2, 4, 8 + 8, 16]


@pytest.mark.parametrize("also_cut", [{}, {"truncated": [2]}])
def test_an_episode_that_ends_in_its_time_limit_has_ended_for_good(also_cut):
    assert returns_of(experience_of([1, 2, 4], terminated=[2], **also_cut), 0.5) == [3, 4, 4]


def test_a_truncated_return_bootstraps_from_the_mean_return():
    mean = (2 + 2 + 3) / (3 - 0.25 - 0.5)
    returns = returns_of(experience_of([1, 2, 3], truncated=[1], terminated=[2]), 0.5)
    assert returns == pytest.approx([2 + 0.25 * mean, 2 + 0.5 * mean, 3])
    assert sum(returns) / 3 == pytest.approx(mean)


def test_a_return_cut_by_the_end_of_the_rollout_bootstraps_from_the_mean_return():
    mean = (3 + 2 + 2) / (3 - 0.25 - 0.5)
    assert returns_of(experience_of([3, 1, 2], terminated=[0]), 0.5) == pytest.approx([3, 2 + 0.25 * mean, 2 + 0.5 * mean])


def test_where_every_episode_is_cut_every_step_returns_what_it_would_pay_for_ever():
    returns = returns_of(experience_of([1] * 7, truncated=[2, 3]), 0.5)
    assert returns == pytest.approx([1 / (1 - 0.5)] * 7)


def test_equal_returns_stay_so_equal_that_standardizing_them_leaves_nothing():
    """Else Adam, which lengthens small gradients, would take what is left of them for a direction."""
    rollout = experience_of([1] * 1000, truncated=[499])
    assert standardized(monte_carlo_returns(rollout, 0.99), rollout.valid).count_nonzero() == 0


def test_where_nothing_ends_and_nothing_is_discounted_returns_are_what_was_earned():
    assert returns_of(experience_of([1, 2, 4], truncated=[1]), 1.0) == [3, 2, 4]


def test_undiscounted_the_mean_return_is_all_that_was_earned_for_each_episode_that_ended():
    assert returns_of(experience_of([1, 2, 5], terminated=[0, 1]), 1.0) == [1, 2, 5 + (1 + 2 + 5) / 2]


def test_standardized_returns_of_transitions_have_mean_0_and_deviation_1():
    returns = standardized(torch.tensor([[1.0], [3.0], [1000.0]]), torch.tensor([[True], [True], [False]]))
    assert returns.flatten().tolist() == pytest.approx([-1, 1, 0])


def test_rows_that_are_no_transitions_count_for_nothing():
    """The first is the reset row behind an episode that ended, the last interrupts one that goes on."""
    rollout = experience_of([1, 2, 1000, 4, 1000], terminated=[1], invalid=[2, 4])
    mean = (2 + 2 + 4) / (3 - 0.5)
    returns = returns_of(rollout, 0.5)
    assert [returns[i] for i in (0, 1, 3)] == pytest.approx([2, 2, 4 + 0.5 * mean])


def test_environments_share_the_mean_return_and_nothing_else():
    first, second = experience_of([1, 2], terminated=[1]), experience_of([4, 8])
    both = map_tensors(lambda *parts: torch.cat(parts, 1), first, second)
    mean = (2 + 2 + 8 + 8) / (4 - 0.25 - 0.5)
    assert monte_carlo_returns(both, 0.5).T.flatten().tolist() == pytest.approx([2, 2, 8 + 0.25 * mean, 8 + 0.5 * mean])
