from __future__ import annotations

from typing import Any

import pytest

from rlchassis.config import ResolvedSampling, SamplingConfig, resolve_sampling
from rlchassis.errors import UsageError
from rlchassis.training.off_policy import OffPolicyTrainer
from rlchassis.training.on_policy import OnPolicyTrainer

REFUSED_VALUES = {
    "buffer_size": 10,
    "update_per_step": 2.0,
    "start_timesteps": 1,
    "start_timesteps_random": True,
    "count_start_timesteps": False,
    "critic_warm_up": 10,
    "replay_buffer_ignore_obs_next": True,
    "replay_buffer_save_only_last_obs": True,
    "replay_buffer_stack_num": 2,
    "replay_buffer_prioritized": True,
    "replay_buffer_alpha": 0.5,
    "replay_buffer_beta": 0.5,
}


def on_policy(**settings: Any) -> ResolvedSampling:
    return resolve_sampling(SamplingConfig(**settings), {"step_per_collect": 64, "repeat_per_collect": 1})


@pytest.mark.parametrize(("name", "value"), REFUSED_VALUES.items())
def test_a_setting_that_on_policy_training_has_no_use_for_is_refused(name, value):
    with pytest.raises(UsageError, match=name):
        OnPolicyTrainer.check_sampling(on_policy(**{name: value}))


def test_every_setting_that_speaks_of_off_policy_training_is_refused():
    assert set(OnPolicyTrainer.refused) == REFUSED_VALUES.keys()


def test_a_minibatch_larger_than_the_rollout_is_refused():
    with pytest.raises(UsageError, match="minibatch of 65 is larger than the rollout of 64"):
        OnPolicyTrainer.check_sampling(on_policy(batch_size=65))
    OnPolicyTrainer.check_sampling(on_policy(batch_size=64))
    OnPolicyTrainer.check_sampling(on_policy(batch_size=None))


@pytest.mark.parametrize(
    ("trainer", "name"),
    [
        (OnPolicyTrainer, "step_per_collect"),
        (OnPolicyTrainer, "repeat_per_collect"),
        (OffPolicyTrainer, "buffer_size"),
        (OffPolicyTrainer, "update_per_step"),
    ],
)
def test_a_setting_that_neither_the_user_nor_the_algorithm_sets_is_asked_for(trainer, name):
    known = (
        {"step_per_collect": 64, "repeat_per_collect": 1}
        if trainer is OnPolicyTrainer
        else {"step_per_collect": 1, "buffer_size": 1000, "update_per_step": 1}
    )
    sampling = resolve_sampling(SamplingConfig(), {each: value for each, value in known.items() if each != name})
    with pytest.raises(
        UsageError, match=rf"^sampling\.{name} is None, and the algorithm's default_sampling has no value for it; set it\.$"
    ):
        trainer.check_sampling(sampling)
    trainer.check_sampling(resolve_sampling(SamplingConfig(), known))
