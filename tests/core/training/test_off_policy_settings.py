from __future__ import annotations

import pytest

from rlchassis.config import SamplingConfig, resolve_sampling
from rlchassis.errors import UsageError
from rlchassis.training.off_policy import OffPolicyTrainer
from rlchassis_testkit.replay_runs import trained


def test_the_replay_buffer_is_as_the_settings_say():
    buffer = OffPolicyTrainer.create_buffer(
        resolve_sampling(
            SamplingConfig(buffer_size=100, num_train_envs=3, replay_buffer_ignore_obs_next=True, replay_buffer_stack_num=4), {}
        )
    )
    assert (buffer.ring.rows, buffer.ring.num_envs, buffer.store_next_obs, buffer.stack_num) == (34, 3, False, 4)
    assert buffer.priorities is None
    by_priority = OffPolicyTrainer.create_buffer(
        resolve_sampling(
            SamplingConfig(num_train_envs=1, replay_buffer_prioritized=True, replay_buffer_alpha=0.7, replay_buffer_beta=0.3),
            {"buffer_size": 100},
        )
    )
    assert (by_priority.priorities.alpha, by_priority.priorities.beta) == (0.7, 0.3)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"batch_size": None}, "set sampling.batch_size to a number"),
        ({"start_timesteps": 96}, "as long as the run of 96"),
        ({"start_timesteps": 97}, "warm-up of 97"),
        ({"batch_size": 96}, "a batch of 96 is not collected before the run of 96"),
        ({"buffer_size": 7}, "a replay buffer of 7 cannot hold a batch of 8"),
        ({"repeat_per_collect": 1}, "repeat_per_collect"),
        ({"replay_buffer_stack_num": 4}, "go together"),
        ({"replay_buffer_save_only_last_obs": True}, "go together"),
        ({"buffer_size": 8, "replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 9}, "not hold a stack of 9 frames"),
        ({"replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 4}, "must be a stack of that many frames"),
        ({"start_timesteps_random": True}, "has no effect while sampling.start_timesteps is 0"),
        ({"replay_buffer_alpha": 0.5}, "sampling.replay_buffer_alpha has no effect without prioritized replay"),
        ({"replay_buffer_beta": 0.5}, "sampling.replay_buffer_beta has no effect without prioritized replay"),
        ({"buffer_size": 16, "num_train_envs": 17}, "not hold a single step of each"),
    ],
    ids=str,
)
def test_settings_by_which_nothing_would_be_learned_are_refused_before_the_first_step(settings, complaint):
    with pytest.raises(UsageError, match=complaint):
        trained(**settings)


def test_the_longest_warm_up_and_the_smallest_buffer_that_work_are_accepted():
    _, algorithm = trained(start_timesteps=95, buffer_size=8)
    assert algorithm.counts == [0]
