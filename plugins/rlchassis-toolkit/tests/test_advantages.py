from __future__ import annotations

import pytest
import torch

from rlchassis.data.experience import Experience
from rlchassis_testkit.experiences import experience_of
from rlchassis_toolkit.gae import Advantages, ReturnScale, compute_gae, update_scale_and_compute_gae


def ten_times(obs: torch.Tensor) -> torch.Tensor:
    """A critic that predicts 10 x for observation x."""
    return 10 * obs.squeeze(-1)


def numbers(tensor: torch.Tensor) -> list[float]:
    return tensor.flatten().tolist()


def monte_carlo(rewards: list[float], gamma: float, beyond: float) -> list[float]:
    """The discounted sum of an episode's rewards from every step on, with a value beyond its end."""
    earned = []
    for reward in reversed(rewards):
        beyond = reward + gamma * beyond
        earned.append(beyond)
    return earned[::-1]


@pytest.mark.parametrize(("end", "beyond"), [("terminated", 0.0), ("truncated", 30.0)])
def test_with_lambda_1_an_advantage_is_the_monte_carlo_return_minus_the_value(end, beyond):
    rollout = experience_of([1, 2, 4, 8, 16], **{end: [2]})
    expected = monte_carlo([1, 2, 4], 0.5, beyond) + monte_carlo([8, 16], 0.5, 50)
    gae = compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=1.0)
    assert numbers(gae.values) == [0, 10, 20, 30, 40]
    assert numbers(gae.returns) == expected
    assert numbers(gae.advantages) == [expected[t] - 10 * t for t in range(5)]


def test_between_the_extremes_advantages_are_discounted_sums_of_temporal_differences():
    rollout = experience_of([1, 2, 4, 8], terminated=[1])
    differences = [1 + 0.5 * 10 - 0, 2 - 10, 4 + 0.5 * 30 - 20, 8 + 0.5 * 40 - 30]
    trace = 0.5 * 0.8
    expected = [differences[0] + trace * differences[1], differences[1], differences[2] + trace * differences[3], differences[3]]
    assert numbers(compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=0.8).advantages) == pytest.approx(expected)


def test_an_episode_that_ends_in_its_time_limit_has_ended_for_good():
    rollout = experience_of([1, 1], terminated=[0], truncated=[0])
    assert numbers(compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=1.0).returns)[0] == 1


def test_a_row_before_one_that_is_no_transition_bootstraps_from_its_own_successor():
    rollout = experience_of([1, 2, 1000], invalid=[2], next_obs=[[1.0], [2.0], [999.0]])
    assert numbers(compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=1.0).returns)[:2] == [1 + 0.5 * 12, 2 + 0.5 * 20]


def test_the_reset_row_of_a_vectorised_environment_leaves_the_episode_before_it_alone():
    rollout = experience_of([1, 2, 1000, 4], terminated=[1], invalid=[2])
    assert numbers(compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=1.0).returns)[:2] == [1 + 0.5 * 2, 2]


def scaled_by(std: float) -> ReturnScale:
    scale = ReturnScale()
    scale.moments.update(torch.tensor([-std, std]))
    scale.freeze()
    return scale


def test_with_a_return_scale_the_critic_predicts_returns_in_standard_deviations():
    rollout = experience_of([1, 2], terminated=[1], obs=[[0.5], [0.25]], next_obs=[[0.25], [0.125]])
    gae = compute_gae(rollout, ten_times, gamma=0.5, gae_lambda=0.0, return_scale=scaled_by(4))
    assert numbers(gae.values) == [5, 2.5]
    assert numbers(gae.returns) == pytest.approx([(1 + 0.5 * 2.5 * 4) / 4, 2 / 4])
    assert numbers(gae.advantages) == pytest.approx([1 + 0.5 * 2.5 * 4 - 5 * 4, 2 - 2.5 * 4])


def gae_of(rollout: Experience, scale: ReturnScale) -> Advantages:
    return compute_gae(rollout, lambda obs: torch.zeros(len(obs)), gamma=1.0, gae_lambda=1.0, return_scale=scale)


def test_the_return_scale_is_updated_with_returns_of_valid_rows_in_units_of_rewards():
    scale, rollout = scaled_by(4), experience_of([1, 2, 1000], terminated=[1], invalid=[2])
    scale.update(rollout, gae_of(rollout, scale))
    seen = torch.tensor([-4.0, 4.0, 3.0, 2.0])
    assert scale.moments.count == 4
    assert scale.moments.std().item() == pytest.approx(seen.std(correction=0).item())


def test_the_return_scale_is_constant_until_it_is_frozen_again():
    scale, rollout = scaled_by(4), experience_of([100, 200], terminated=[1])
    before = gae_of(rollout, scale)
    scale.update(rollout, before)
    assert numbers(gae_of(rollout, scale).returns) == numbers(before.returns)
    scale.freeze()
    assert numbers(gae_of(rollout, scale).returns) != numbers(before.returns)


def test_gae_of_a_new_rollout_uses_the_return_scale_before_it_and_updates_it_for_the_next():
    scale, rollout = ReturnScale(), experience_of([3, 2, 1000], terminated=[1], invalid=[2])

    def returns() -> list[float]:
        return numbers(update_scale_and_compute_gae(rollout, lambda obs: torch.zeros(len(obs)), 1.0, 1.0, scale).returns)[:2]

    assert returns() == [5, 2]
    assert returns() == pytest.approx([5 / 1.5, 2 / 1.5])
    assert scale.moments.count == 4


def test_without_a_return_scale_gae_of_a_new_rollout_is_compute_gae():
    rollout = experience_of([1, 2, 4], terminated=[1])
    for anew, plain in zip(
        update_scale_and_compute_gae(rollout, ten_times, 0.5, 0.8), compute_gae(rollout, ten_times, 0.5, 0.8), strict=True
    ):
        assert torch.equal(anew, plain)


def test_the_return_scale_is_stored_and_restored():
    restored = ReturnScale()
    restored.load_state_dict(scaled_by(4).state_dict())
    assert restored.unit.item() == pytest.approx(4)
