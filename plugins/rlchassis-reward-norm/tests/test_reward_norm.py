from __future__ import annotations

import math

import pytest
import torch

from rlchassis.api import Environments, Experience
from rlchassis_reward_norm import PolicyWrapperFactoryRewardNorm, RewardNorm
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run


def around(gamma: float = 0.5, clip: float = 10.0) -> RewardNorm:
    factory = PolicyWrapperFactoryRewardNorm(gamma, clip)
    return factory.create_wrapped_policy(Constant(), Environments, None, torch.device("cpu"))


def learned_from(policy: RewardNorm, rollout: Experience) -> list[float]:
    return policy.transform(rollout).rewards[:, 0].tolist()


def test_before_anything_was_observed_rewards_stay_as_they_are():
    assert learned_from(around(), experience_of([3.0, -4.0])) == [3, -4]


def test_rewards_are_divided_by_the_spread_of_discounted_returns_which_begin_anew_with_each_episode():
    policy = around(gamma=0.5)
    policy.observe(experience_of([2.0, 1.0, 4.0, 2.0], terminated=(1,), truncated=(2,)))  # returns 2, 2, 4, 2
    spread = math.sqrt(3 / 4)
    assert learned_from(policy, experience_of([3.0, -1.0])) == pytest.approx([3 / spread, -1 / spread])


def test_a_return_goes_on_in_the_next_collection_and_rows_that_do_not_count_neither_add_nor_end():
    policy = around(gamma=0.5)
    policy.observe(experience_of([4.0, 99.0], invalid=(1,), truncated=(1,)))
    policy.observe(experience_of([2.0]))  # 2 + 4 / 2
    assert policy.scale.returns.tolist() == [4]
    policy.observe(experience_of([6.0], truncated=(0,)))  # 6 + 4 / 2
    assert policy.scale.returns.tolist() == [0]
    assert policy.scale.moments.count == 3
    assert policy.scale.moments.mean == pytest.approx((4 + 4 + 8) / 3)


def test_normalized_rewards_are_clipped():
    policy = around(clip=1.5)
    policy.observe(experience_of([1.0, -1.0], truncated=(0, 1)))
    assert learned_from(policy, experience_of([9.0, -9.0, 1.0])) == pytest.approx([1.5, -1.5, 1.0])


def test_rewards_that_never_vary_are_clipped_and_not_divided_by_zero():
    policy = around()
    policy.observe(experience_of([0.0, 0.0]))
    assert learned_from(policy, experience_of([0.0, 1.0])) == [0, 10]


def test_statistics_are_stored_with_the_policy_without_the_episodes_that_still_run():
    policy, restored = around(), around()
    policy.observe(experience_of([8.0, -1.0]))
    restored.load_state_dict(policy.state_dict())
    rollout = experience_of([1.0])
    assert learned_from(policy, rollout) == learned_from(restored, rollout)
    assert restored.scale.returns.numel() == 0


@pytest.mark.parametrize("options", [{"gamma": 1.5}, {"clip": 0}], ids=str)
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        PolicyWrapperFactoryRewardNorm(**options)


@pytest.mark.parametrize("builder_class", [RecordingExperimentBuilder, RecordingReplayExperimentBuilder])
def test_in_a_run_each_training_step_is_observed_once_and_reports_stay_raw(builder_class):
    def configure(builder):
        return builder.with_policy_wrapper_factory(PolicyWrapperFactoryRewardNorm(gamma=0.0))

    world = tiny_run(builder_class, Counter, configure=configure, num_test_envs=2)
    moments = world.policy.scale.moments
    assert moments.count == 96
    assert moments.mean == pytest.approx(2), "of rewards 1, 2 and 3, without tests"
    assert world.state.tests[-1].mean == 1 + 2 + 3
