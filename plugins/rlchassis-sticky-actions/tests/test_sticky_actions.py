from __future__ import annotations

import pickle
from functools import partial
from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from rlchassis.api import EnvMode, UsageError
from rlchassis_sticky_actions import StickyActions
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.tiny_runs import tiny_run


class Executed(gym.Env[Any, Any]):
    """Appends actions to a list, with None where an episode begins; episodes are truncated after ten steps."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space: spaces.Space[Any] = spaces.Discrete(2)

    def __init__(self, executed: list[Any]) -> None:
        self.executed = executed

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.executed.append(None)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.executed.append(np.array(action))
        return np.zeros(1, np.float32), 0.0, False, len(self.executed) % 11 == 0, {}


class Numbers(Executed):
    action_space = spaces.Box(-1, 1, (1,), np.float32)


def wrapped(env: gym.Env[Any, Any], **options: Any) -> gym.Env[Any, Any]:
    (wrap,) = StickyActions(**options).rlchassis_env_wrappers(EnvMode.TRAIN)
    return wrap(env)


def test_an_action_sticks_as_often_as_its_probability_says_and_never_in_the_first_step_of_an_episode():
    executed: list[Any] = []
    env, intended, rng = wrapped(Executed(executed), probability=0.25), [], np.random.default_rng(0)
    for episode in range(200):
        env.reset(seed=0 if episode == 0 else None)
        intended.append(None)
        for _ in range(10):
            intended.append(int(rng.integers(1_000_000)))
            env.step(intended[-1])
    pairs = list(zip(executed, intended, strict=True))
    assert all(taken == wanted for (before, _), (taken, wanted) in pairwise(pairs) if before is None)
    later = [i for i, (taken, _) in enumerate(pairs) if taken is not None and pairs[i - 1][0] is not None]
    stuck = [i for i in later if executed[i] != intended[i]]
    assert all(executed[i] == executed[i - 1] for i in stuck), "what was taken before, not what was intended before"
    assert len(stuck) / len(later) == pytest.approx(0.25, abs=0.03)


def test_an_array_that_is_written_again_for_the_next_step_does_not_unstick_an_action():
    executed: list[Any] = []
    env, action = wrapped(Numbers(executed), probability=0.999), np.zeros(1, np.float32)
    env.reset(seed=0)
    for number in (0.5, -0.5, 0.25):
        action[:] = number
        env.step(action)
    assert [float(taken[0]) for taken in executed[1:]] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("tests", "modes"), [(True, [EnvMode.TRAIN, EnvMode.TEST, EnvMode.WATCH]), (False, [EnvMode.TRAIN])])
def test_tests_and_watching_are_sticky_where_it_says_so(tests, modes):
    made = StickyActions(tests=tests)
    assert [mode for mode in EnvMode if made.rlchassis_env_wrappers(mode)] == modes


def test_what_wraps_environments_travels_to_worker_processes():
    (wrap,) = StickyActions().rlchassis_env_wrappers(EnvMode.TRAIN)
    assert isinstance(pickle.loads(pickle.dumps(wrap)), partial)


def test_in_a_run_the_intended_action_is_recorded():
    executed: list[Any] = []

    def configure(builder):
        return builder.with_extension("sticky-actions", probability=0.9, tests=False)

    world = tiny_run(RecordingExperimentBuilder, lambda: Executed(executed), configure=configure, num_train_envs=1, num_test_episodes=1)
    intended = [int(action) for rollout in world.algorithm.rollouts for action in rollout.actions.flatten()]
    taken = [int(action) for action in executed if action is not None][: len(intended)]
    assert np.mean(np.diff(intended) != 0) > 0.3, "the policy acts at random"
    assert np.mean(np.diff(taken) != 0) < 0.2, "the environment hardly ever does"


@pytest.mark.parametrize("probability", [-0.1, 1])
def test_a_probability_is_below_one(probability):
    with pytest.raises(UsageError, match="probability must be a number"):
        StickyActions(probability=probability)
