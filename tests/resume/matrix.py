"""Every algorithm, in every kind of environment, stopped at every moment and resumed: each must end as if it had never been stopped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rlchassis.experiment import Experiment, plan
from rlchassis_testkit.resuming import MOMENTS, Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_testkit.vectorised_tasks import POINT

ON_POLICY = ("a2c", "npg", "pg", "ppo", "trpo")
CONTINUOUS = ("ddpg", "redq", "sac", "td3")
ALGORITHMS = ("a2c", "ddpg", "discrete_sac", "dqn", "iqn", "npg", "pg", "ppo", "redq", "sac", "td3", "trpo")
KINDS = ("in-process", "workers", "native vector")
VENV_TYPES = {"in-process": "dummy", "workers": "subproc", "native vector": "native"}
SAMPLING = {"num_train_envs": 3, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 48, "batch_size": 12}
ROLLOUTS = {**SAMPLING, "step_per_collect": 24}
WARM_UP = {"start_timesteps": 18, "start_timesteps_random": True}
REPLAY = {**SAMPLING, **WARM_UP, "step_per_collect": 3, "update_per_step": 0.5, "buffer_size": 60}
AFTER = {"at the start": 2, "collecting": 11, "learning": 7, "testing": 5}
"""Environment steps, or updates, before the moment."""
ONE_PASS = ("a2c", "pg")
"""Algorithms with one pass over a rollout: their third update is after the first checkpoint."""


def cells() -> Iterator[tuple[str, str, str]]:
    """Algorithm, kind of environment and moment."""
    return product(ALGORITHMS, KINDS, MOMENTS)


def experiment(algorithm: str, kind: str) -> Experiment:
    """A run of 144 steps with a checkpoint after every 24."""
    sampling: dict[str, Any] = dict(ROLLOUTS if algorithm in ON_POLICY else REPLAY)
    if algorithm in ON_POLICY:
        sampling["repeat_per_collect"] = 1 if algorithm in ONE_PASS else 2
    task, env = "CartPole-v1", {"venv_type": VENV_TYPES[kind]}
    if algorithm in CONTINUOUS and kind == "native vector":
        task = POINT
    elif algorithm in CONTINUOUS:
        task, env = "Pendulum-v1", {**env, "max_episode_steps": 20}
    settings = {"sampling": sampling, "env": env}
    return with_checkpoints(plan(algorithm, task, steps=144, recipe="none", settings=settings, watch=False), 24)


def tried(algorithm: str, kind: str, moment: str, never_stopped: dict[str, Any]) -> str | None:
    """Stop and resume a run; returns what differs from one that was never stopped, or None."""
    with TemporaryDirectory() as folder:
        try:
            after = 3 if moment == "learning" and algorithm in ONE_PASS else AFTER[moment]
            run = run_stopped(experiment(algorithm, kind), Path(folder), Stop(moment, after))
            assert_same(never_stopped, final_state(run))
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a row of the table
            return f"{type(error).__name__}: {error}"
    return None


def never_stopped(algorithm: str, kind: str) -> dict[str, Any]:
    """The final state of a run that was not stopped."""
    with TemporaryDirectory() as folder:
        return final_state(run_through(experiment(algorithm, kind), Path(folder)))
