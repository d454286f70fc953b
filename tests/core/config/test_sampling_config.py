from __future__ import annotations

import math

import attrs
import pytest

from rlchassis.config import ResolvedSampling, SamplingConfig, resolve_sampling
from rlchassis.errors import UsageError


@pytest.mark.parametrize("suited", [{}, {"step_per_collect": 80, "repeat_per_collect": 1}, {"buffer_size": 100}], ids=str)
def test_no_field_of_resolved_sampling_is_none(suited):
    resolved = resolve_sampling(SamplingConfig(batch_size=None), suited)
    assert all(value is not None for value in attrs.asdict(resolved).values())
    assert resolved.num_train_envs >= 1


def test_resolved_sampling_keeps_what_the_user_set_and_takes_the_rest_from_the_algorithm():
    asked = SamplingConfig(num_epochs=2, step_per_epoch=50, max_steps=70, num_train_envs=3, step_per_collect=5, max_test_episode_steps=9)
    assert resolve_sampling(asked, {"step_per_collect": 7, "repeat_per_collect": 4, "num_test_episodes": 6}) == ResolvedSampling(
        num_epochs=2,
        step_per_epoch=50,
        total_steps=70,
        num_train_envs=3,
        num_test_envs=1,
        num_test_episodes=6,
        step_per_collect=5,
        batch_size=64,
        repeat_per_collect=4,
        max_test_episode_steps=9,
    )


def test_without_a_limit_episodes_of_tests_are_not_cut():
    assert resolve_sampling(SamplingConfig(), {}).max_test_episode_steps == math.inf


def test_a_default_sampling_with_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match=r"^default_sampling has 'step_per_colect', expected names of the settings in SamplingConfig\.$"):
        resolve_sampling(SamplingConfig(), {"step_per_colect": 7})
