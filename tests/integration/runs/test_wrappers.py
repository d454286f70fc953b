"""Policy wrappers of several distributions around one policy: stored, loaded, resumed, in worker processes, with observations in parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rlchassis.experiment import Experiment, evaluate, load_policy, plan
from rlchassis.experiment.loaded_policy import LoadedPolicy
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_testkit.tiny_runs import fingerprint

ON_POLICY = ["icm:batch_size=5", "action-repeat:times=2", "rnd:batch_size=5", "obs-norm", "reward-norm"]
OFF_POLICY = ["rnd", "icm", "action-repeat:times=2", "reward-norm", "obs-norm"]
SAMPLING = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "batch_size": 12}
ROLLOUTS = {**SAMPLING, "step_per_collect": 24, "repeat_per_collect": 2}
REPLAY = {**SAMPLING, "start_timesteps": 18, "start_timesteps_random": True, "step_per_collect": 3, "update_per_step": 0.5}


def wrapped(algorithm: str, wrappers: list[str], **settings: Any) -> Experiment:
    sampling = ROLLOUTS if algorithm == "ppo" else REPLAY
    planned = plan(
        algorithm,
        "CartPole-v1",
        steps=72,
        recipe="none",
        settings={"sampling": sampling, **settings},
        wrappers=wrappers,
        extensions=["sticky-actions"],
        watch=False,
    )
    return with_checkpoints(planned, 24)


@pytest.mark.parametrize(("algorithm", "wrappers"), [("ppo", ON_POLICY), ("dqn", OFF_POLICY)])
def test_a_stopped_run_with_wrappers_ends_with_the_bits_of_one_that_was_not(tmp_path, algorithm, wrappers):
    experiment = wrapped(algorithm, wrappers)
    never = final_state(run_through(experiment, tmp_path / "never"))
    assert_same(never, final_state(run_stopped(experiment, tmp_path / "stopped", Stop("collecting", 29), Stop("learning", 2))))


def test_a_stored_policy_with_wrappers_repeats_its_test_and_acts_alike_where_it_is_loaded(tmp_path):
    run = run_through(wrapped("ppo", ON_POLICY), tmp_path)
    assert evaluate(run).matches
    policy, seen = load_policy(run), np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    first, *_ = seen
    choices = [_after(policy, each) for each in seen]
    other = next(each for each, choice in zip(seen, choices, strict=True) if choice != choices[0])
    assert [_after(policy, first), int(policy(other)), int(policy(other))] == [choices[0], choices[0], 1 - choices[0]], "of two steps each"


def _after(policy: LoadedPolicy, obs: Any) -> int:
    """The action with which an episode begins."""
    policy.reset()
    return int(policy(obs))


def test_in_worker_processes_the_same_is_learned_with_wrappers():
    states = []
    for venv_type in ("dummy", "subproc"):
        run = wrapped("ppo", ON_POLICY, env={"venv_type": venv_type}).with_config(persistence_enabled=False).run()
        states.append(fingerprint(run.world.policy))
    assert states[0] == states[1]
