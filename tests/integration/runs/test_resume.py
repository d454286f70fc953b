"""A run that is stopped and resumed ends with the same bits as one that was never stopped."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from rlchassis.experiment import Experiment, plan
from rlchassis_testkit.resuming import MOMENTS, Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints

ON = {"num_train_envs": 3, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 48, "step_per_collect": 24, "batch_size": 12}
OFF = {**ON, "step_per_collect": 3, "start_timesteps": 18, "start_timesteps_random": True, "update_per_step": 0.5, "buffer_size": 60}
TASKS = {"ppo": "CartPole-v1", "dqn": "CartPole-v1", "sac": "Pendulum-v1"}
AFTER = {"at the start": 2, "collecting": 21, "learning": 7, "testing": 5}
SETTINGS: dict[str, dict[str, Any]] = {
    "ppo": {"sampling": {**ON, "repeat_per_collect": 2}},
    "dqn": {"sampling": {**OFF, "replay_buffer_prioritized": True, "replay_buffer_ignore_obs_next": True}, "params": {"n_step": 3}},
    "sac": {"sampling": OFF, "env": {"max_episode_steps": 20}},
}


def experiment(algorithm: str) -> Experiment:
    planned = plan(algorithm, TASKS[algorithm], steps=144, recipe="none", settings=SETTINGS[algorithm], watch=False)
    return with_checkpoints(planned, 24)


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    """A function: the final state of an algorithm's run that is not stopped."""
    return cache(lambda algorithm: final_state(run_through(experiment(algorithm), tmp_path_factory.mktemp(algorithm))))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("algorithm", TASKS)
def test_a_resumed_run_equals_one_that_was_never_stopped(algorithm, moment, never_stopped, tmp_path):
    run = run_stopped(experiment(algorithm), tmp_path, Stop(moment, AFTER[moment]))
    assert_same(never_stopped(algorithm), final_state(run))
