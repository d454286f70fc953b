"""Every algorithm, in every kind of environment, stopped at every moment and resumed: each must end as if it had never been stopped."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium as gym
from attrs import evolve

from rlchassis.experiment import Experiment, LRSchedulerFactoryLinear, plan
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_testkit.vectorised_tasks import POINT
from rlchassis_toolkit import NoiseFactoryOrnsteinUhlenbeck

ON_POLICY = ("a2c", "npg", "pg", "ppo", "trpo")
CONTINUOUS = ("ddpg", "redq", "sac", "td3")
ALGORITHMS = ("a2c", "ddpg", "discrete-sac", "dqn", "iqn", "npg", "pg", "ppo", "redq", "sac", "td3", "trpo")
KINDS = ("in-process", "workers", "native vector")
VENV_TYPES = {"in-process": "dummy", "workers": "subproc", "native vector": "native"}
SAMPLING = {"num_train_envs": 3, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 48, "batch_size": 12}
ROLLOUTS = {**SAMPLING, "step_per_collect": 24}
WARM_UP = {"start_timesteps": 18, "start_timesteps_random": True}
REPLAY = {**SAMPLING, **WARM_UP, "step_per_collect": 3, "update_per_step": 0.5, "buffer_size": 60}
PATIENCE = {"constructor_timeout": 1800, "step_timeout": 1800}
"""Seconds: the matrix may run beside anything."""
AFTER = {"at the start": 2, "collecting": 11, "learning": 7, "testing": 5}
"""Environment steps, or updates, before the moment."""
STACKED = "RlchassisStacked-v0"
ONE_PASS = ("a2c", "pg")
"""Algorithms with one pass over a rollout: their third update is after the first checkpoint."""


def stacked() -> gym.Env[Any, Any]:
    """CartPole, which observes its last four states."""
    return gym.wrappers.FrameStackObservation(gym.make("CartPole-v1"), 4)


gym.register(STACKED, entry_point=stacked)


def experiment(algorithm: str, kind: str) -> Experiment:
    """A run of 144 steps with a checkpoint after every 24."""
    sampling: dict[str, Any] = dict(ROLLOUTS if algorithm in ON_POLICY else REPLAY)
    if algorithm in ON_POLICY:
        sampling["repeat_per_collect"] = 1 if algorithm in ONE_PASS else 2
    task, env = "CartPole-v1", {"venv_type": VENV_TYPES[kind], **PATIENCE}
    if algorithm in CONTINUOUS and kind == "native vector":
        task = POINT
    elif algorithm in CONTINUOUS:
        task, env = "Pendulum-v1", {**env, "max_episode_steps": 20}
    settings = {"sampling": sampling, "env": env}
    return with_checkpoints(small(algorithm, task, settings), 24)


def variants() -> dict[str, Experiment]:
    """Runs with a part that has a state of its own, by name."""
    replay, rollouts = {"sampling": REPLAY}, {"sampling": {**ROLLOUTS, "repeat_per_collect": 2}}
    stacks = {"replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 4, "replay_buffer_ignore_obs_next": True}
    priorities = {"sampling": {"replay_buffer_prioritized": True}, "params": {"n_step": 3}}
    short = {"env": {"max_episode_steps": 20}}
    recomputed = {"params": {"return_scaling": True, "recompute_advantage": True}}
    planned: dict[str, Experiment] = {
        "obs-norm": small("ppo", "CartPole-v1", rollouts, wrappers=["obs-norm"]),
        "reward-norm": small("dqn", "CartPole-v1", replay, wrappers=["reward-norm"]),
        "icm": small("ppo", "CartPole-v1", rollouts, wrappers=["icm", "reward-norm"]),
        "rnd": small("dqn", "CartPole-v1", replay, wrappers=["rnd", "obs-norm"]),
        "action-repeat": small("ppo", "CartPole-v1", rollouts, wrappers=["action-repeat:times=2", "rnd"]),
        "sticky-actions": small("ppo", "CartPole-v1", rollouts, extensions=["sticky-actions"]),
        "a schedule": with_params(small("ppo", "CartPole-v1", rollouts), lr_scheduler_factory=LRSchedulerFactoryLinear()),
        "return scaling, recomputed advantages": small("ppo", "CartPole-v1", rollouts, recomputed),
        "early stop": small("ppo", "CartPole-v1", rollouts, stop=["no-improvement:patience=2"]),
        "noise with a state": with_params(
            small("ddpg", "Pendulum-v1", replay, short), exploration_noise=NoiseFactoryOrnsteinUhlenbeck(final_fraction=0.5)
        ),
        "frame stacks": small("dqn", STACKED, replay, {"sampling": stacks}),
        "priorities and n steps": small("dqn", "CartPole-v1", replay, priorities),
        "a compiled update": small("ppo", "CartPole-v1", rollouts, {"compile": True}),
    }
    return {name: with_checkpoints(each, 24) for name, each in planned.items()}


def small(algorithm: str, task: str, *settings: dict[str, Any], **more: Any) -> Experiment:
    """A run of 144 steps."""
    return plan(algorithm, task, steps=144, recipe="none", settings=settings, watch=False, **more)


def with_params(planned: Experiment, **changes: Any) -> Experiment:
    """The experiment with other hyperparameters."""
    agent: Any = planned.agent_factory
    return evolve(planned, agent_factory=evolve(agent, params=evolve(agent.params, **changes)))


def tried(algorithm: str, kind: str, moment: str, never_stopped: dict[str, Any]) -> str | None:
    """Stop and resume a run; returns what differs from one that was never stopped, or None."""
    after = 3 if moment == "learning" and algorithm in ONE_PASS else AFTER[moment]
    return differs(experiment(algorithm, kind), Stop(moment, after), never_stopped)


def differs(planned: Experiment, stop: Stop, never_stopped: dict[str, Any]) -> str | None:
    """What differs of a run that is stopped and resumed from one that was never stopped, or None."""
    with TemporaryDirectory() as folder:
        try:
            assert_same(never_stopped, final_state(run_stopped(planned, Path(folder), stop)))
        except Exception as error:  # noqa: BLE001  whatever goes wrong is a row of the table
            return f"{type(error).__name__}: {error}"
    return None


def never_stopped(planned: Experiment) -> dict[str, Any]:
    """The final state of a run that is not stopped."""
    with TemporaryDirectory() as folder:
        return final_state(run_through(planned, Path(folder)))
