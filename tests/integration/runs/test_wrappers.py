"""Policy wrappers of several distributions around one policy: stored, loaded, resumed, in worker processes, with observations in parts."""

from __future__ import annotations

from typing import Any

import pytest

from rlchassis.experiment import Experiment, evaluate, plan
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints

ON_POLICY = ["obs-norm", "reward-norm"]
OFF_POLICY = ON_POLICY
SAMPLING = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "batch_size": 12}
ROLLOUTS = {**SAMPLING, "step_per_collect": 24, "repeat_per_collect": 2}
REPLAY = {**SAMPLING, "start_timesteps": 18, "start_timesteps_random": True, "step_per_collect": 3, "update_per_step": 0.5}


def wrapped(algorithm: str, wrappers: list[str], env: str = "CartPole-v1", **settings: Any) -> Experiment:
    sampling = ROLLOUTS if algorithm == "ppo" else REPLAY
    planned = plan(algorithm, env, steps=72, recipe="none", settings={"sampling": sampling, **settings}, wrappers=wrappers, watch=False)
    return with_checkpoints(planned, 24)


@pytest.mark.parametrize(("algorithm", "wrappers"), [("ppo", ON_POLICY), ("dqn", OFF_POLICY)])
def test_a_stopped_run_with_wrappers_ends_with_the_bits_of_one_that_was_not(tmp_path, algorithm, wrappers):
    experiment = wrapped(algorithm, wrappers)
    never = final_state(run_through(experiment, tmp_path / "never"))
    assert_same(never, final_state(run_stopped(experiment, tmp_path / "stopped", Stop("collecting", 29), Stop("learning", 3))))


def test_a_stored_policy_with_wrappers_plays_its_test_again(tmp_path):
    run = run_through(wrapped("ppo", ON_POLICY), tmp_path)
    assert evaluate(run).matches
