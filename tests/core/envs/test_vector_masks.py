"""Action masks of natively vectorized environments are those of their members, in every mode of autoreset."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from rlchassis.envs import is_masked
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure, UsageError
from rlchassis_testkit.masked_envs import Forbidding

SOURCES = ["observation", "info", "method"]


def transitions(envs: Any, steps: int) -> list[list[Any]]:
    """For each environment, what was seen, allowed and allowed next, in valid rows; always the first allowed action is taken."""
    seen: list[list[Any]] = [[] for _ in range(envs.num_envs)]
    obs = envs.reset([3, 4])
    for _ in range(steps):
        actions = obs["action_mask"].argmax(-1)
        step, obs = envs.step(actions)
        parts = (step.obs["observation"], step.obs["action_mask"], step.rewards, step.next_obs["action_mask"], step.terminated)
        for row in np.flatnonzero(step.valid):
            seen[row].append([part[row].tolist() for part in parts])
    return seen


def in_process(**kwargs: Any) -> InProcessEnvironment:
    return InProcessEnvironment.open([partial(Forbidding, "observation", **kwargs)] * 2)


def assert_same_transitions(envs: Any, steps: int, **kwargs: Any) -> None:
    """Transitions are those of single environments; rows of resets, which are not valid, are at most a third."""
    found, expected = transitions(envs, steps), transitions(in_process(**kwargs), steps)
    for one, other in zip(found, expected, strict=True):
        assert len(one) > steps * 2 / 3
        assert one == other[: len(one)]


@pytest.mark.parametrize("source", SOURCES)
def test_worker_processes_give_the_masks_that_this_process_gives(source):
    envs = WorkerEnvironment.open([partial(Forbidding, source)] * 2, num_workers=2)
    try:
        assert transitions(envs, 12) == transitions(in_process(), 12)
    finally:
        envs.close()


@pytest.mark.parametrize("cut", [False, True], ids=["terminated", "truncated"])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_vectorised_environments_give_the_masks_that_single_ones_give(mode, source, cut):
    vector_env = SyncVectorEnv([partial(Forbidding, source, cut=cut)] * 2, autoreset_mode=mode)
    if (mode, source) == (AutoresetMode.SAME_STEP, "method"):
        with pytest.raises(UsageError, match=r"action_masks\(\) of an environment that is reset in the step .* use another autoreset mode"):
            NativeEnvironment(vector_env)
        return
    envs = NativeEnvironment(vector_env)
    assert is_masked(envs.observation_space)
    assert_same_transitions(envs, 13, cut=cut)


@pytest.mark.parametrize("source", SOURCES)
def test_vectorised_environments_in_processes_give_masks(source):
    vector_env = AsyncVectorEnv([partial(Forbidding, source)] * 2)
    envs = NativeEnvironment(vector_env)
    try:
        assert_same_transitions(envs, 9)
    finally:
        envs.close()


class Own(VectorEnv[Any, Any, Any]):
    """A vectorised environment that does not say that it is made of single ones."""

    def __init__(self, source: Any) -> None:
        self.inner: Any = SyncVectorEnv([partial(Forbidding, source)] * 2)
        self.num_envs, self.metadata = 2, self.inner.metadata
        self.single_observation_space, self.single_action_space = self.inner.single_observation_space, self.inner.single_action_space
        if source == "method":
            self.action_masks = lambda: np.stack(self.inner.call("action_masks"))

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return self.inner.reset(seed=seed, options=options)

    def step(self, actions: Any) -> Any:
        return self.inner.step(actions)


@pytest.mark.parametrize("source", SOURCES)
def test_a_vectorised_environment_of_ones_own_gives_masks(source):
    assert_same_transitions(NativeEnvironment(Own(source)), 9)


def test_a_truncated_episode_needs_a_mask_that_allows_something():
    class Nothing(Forbidding):
        def _answer(self, *, last: bool = False) -> Any:
            return super()._answer(last=self.count == 5)

    vector_env = SyncVectorEnv([partial(Nothing, cut=True)] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    with pytest.raises(EnvironmentFailure, match=r"environment 0 \(seed 3\) answered an action mask that allows none of 4 actions"):
        transitions(NativeEnvironment(vector_env), 6)


@pytest.mark.parametrize("row", [0, 1])
def test_an_info_that_lacks_the_mask_of_one_environment_is_refused_with_it(row):
    class Silent(Forbidding):
        def _answer(self, *, last: bool = False) -> Any:
            obs, info = super()._answer(last=last)
            return obs, {} if self.count == 2 else info

    vector_env = SyncVectorEnv([partial(Silent if i == row else Forbidding, "info") for i in range(2)])
    with pytest.raises(EnvironmentFailure, match=rf"environment {row} \(seed {3 + row}\) answered an info without 'action_mask'"):
        transitions(NativeEnvironment(vector_env), 3)


@pytest.mark.parametrize("mask", [[1, 0], [1, 2, 0], [0, 0, 0]])
def test_a_mask_of_another_form_is_refused(mask):
    class Wrong(Forbidding):
        def __init__(self) -> None:
            super().__init__("info", Discrete(3))

        def _answer(self, *, last: bool = False) -> Any:
            return super()._answer(last=last)[0], {"action_mask": np.array(mask)}

    with pytest.raises(EnvironmentFailure, match=r"action.mask"):
        NativeEnvironment(SyncVectorEnv([Wrong] * 2)).reset([0, 1])
