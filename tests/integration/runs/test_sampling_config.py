"""Every sampling setting does what its sentence says, or is refused."""

from __future__ import annotations

import attrs
import pytest
import torch

from rlchassis import evaluate, load_policy
from rlchassis.errors import UsageError
from rlchassis.experiment import (
    PPOExperimentBuilder,
    SamplingConfig,
)
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling


def run(base, env="CartPole-v1", *, sampling=None, configure=lambda builder: builder, **config):
    builder = configure(PPOExperimentBuilder(env, tiny_config(base, **config), sampling or tiny_sampling()))
    return builder.build().run("run")


def weights(result):
    return torch.cat([p.detach().flatten() for p in result.world.policy.parameters()])


OFF_POLICY = {
    "buffer_size": 1000,
    "update_per_step": 0.5,
    "start_timesteps": 10,
    "start_timesteps_random": True,
    "critic_warm_up": 10,
    "replay_buffer_ignore_obs_next": True,
    "replay_buffer_save_only_last_obs": True,
    "replay_buffer_stack_num": 4,
    "replay_buffer_prioritized": True,
    "replay_buffer_alpha": 0.5,
    "replay_buffer_beta": 0.5,
    "count_start_timesteps": False,
}
ON_POLICY = {
    "num_epochs", "step_per_epoch", "batch_size", "num_train_envs", "num_test_envs", "num_test_episodes", "step_per_collect",
    "repeat_per_collect", "max_steps", "max_test_episode_steps", "test_before_training",
}  # fmt: skip


@pytest.mark.parametrize("name", OFF_POLICY)
def test_a_setting_that_on_policy_training_has_no_use_for_is_refused_before_anything_is_made(name, tmp_path):
    with pytest.raises(UsageError, match=rf"^sampling\.{name} is not supported: .*; leave it out\.$"):
        run(tmp_path, sampling=tiny_sampling(**{name: OFF_POLICY[name]}))
    assert list(tmp_path.iterdir()) == []


def test_every_sampling_setting_is_either_used_or_refused_on_policy():
    assert {field.name for field in attrs.fields(SamplingConfig)} == ON_POLICY | OFF_POLICY.keys()


def counted(tmp_path, **sampling):
    return run(tmp_path, sampling=tiny_sampling(**sampling))


def test_epochs_steps_tests_and_passes_are_as_many_as_the_sampling_settings_say(tmp_path):
    result = counted(
        tmp_path, num_epochs=3, step_per_epoch=40, step_per_collect=20, batch_size=10, repeat_per_collect=2, num_test_episodes=3
    )
    info = result.trainer_result
    assert info.env_steps == 120
    assert info.updates == 120 // 20 * 2 * 2
    assert len(result.world.state.tests) == 3
    assert len(info.final.returns) == 3


def test_training_ends_at_max_steps_within_an_epoch(tmp_path):
    assert counted(tmp_path, max_steps=41).trainer_result.env_steps == 41


def test_no_episode_of_a_test_its_repetition_or_a_watch_goes_beyond_max_test_episode_steps(tmp_path, caplog):
    with caplog.at_level("INFO", "rlchassis"):
        result = run(tmp_path, watch=True, watch_num_episodes=3, sampling=tiny_sampling(max_test_episode_steps=5))
        scored = evaluate(result.world.directory)
    assert result.trainer_result.best.lengths == scored.lengths == (5, 5)
    assert [message[:26] for message in caplog.messages if "were cut" in message] == ["2 of 2 episodes were cut a"] * 2 + [
        "3 of 3 episodes were cut a", "2 of 2 episodes were cut a",
    ]  # fmt: skip


def test_a_test_before_training_is_of_the_initial_policy_and_changes_nothing_that_is_learned(tmp_path):
    result, without = counted(tmp_path / "with", test_before_training=True), counted(tmp_path / "without")
    tests = result.world.state.tests
    assert [test.env_step for test in tests] == [0, *(test.env_step for test in without.world.state.tests)]
    assert tests[1:] == without.world.state.tests
    assert torch.equal(weights(result), weights(without))


def test_a_missing_batch_size_means_the_whole_rollout(tmp_path):
    assert counted(tmp_path, batch_size=None).trainer_result.updates == 64 // 16


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_environments_are_made_as_asked_for(tmp_path, count):
    envs = counted(tmp_path, num_train_envs=count, num_test_envs=count).world.envs
    assert (envs.train.num_envs, envs.test.num_envs) == (count, count)


def test_minus_one_training_environments_are_one_per_usable_cpu(tmp_path, monkeypatch):
    monkeypatch.setattr("rlchassis.config.sampling_config.usable_cpus", lambda: 3)
    result = counted(tmp_path, num_train_envs=-1)
    assert result.world.envs.train.num_envs == 3
    assert result.world.sampling.num_train_envs == 3


def test_without_test_environments_the_last_policy_is_stored(tmp_path):
    result = counted(tmp_path, num_test_envs=0)
    assert result.trainer_result.best is None
    stored = torch.cat([p.flatten() for p in load_policy(result.world.directory).policy.parameters()])
    assert torch.equal(stored, weights(result))


@pytest.mark.parametrize(
    ("name", "value"), [("update_per_step", 0), ("update_per_step", float("inf")), ("replay_buffer_alpha", 1.5), ("step_per_epoch", 2.0)]
)
def test_a_wrong_sampling_setting_is_refused_in_one_sentence(name, value):
    with pytest.raises(UsageError, match=rf"^{name} must be [^\n]*\.$"):
        SamplingConfig(**{name: value})
