from __future__ import annotations

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import EnvironmentFailure, UsageError


class Counter(gym.Env):
    """Counts its steps from a start drawn from its seed; ends after `length` steps, by itself if that is odd, else by truncation."""

    action_space = Discrete(3)

    def __init__(self, length: int, as_dict: bool = False) -> None:
        self.length, self.as_dict = length, as_dict
        vector = Box(-np.inf, np.inf, (2,), np.float64)
        self.observation_space = Dict({"count": vector, "phase": Discrete(9)}) if as_dict else vector

    def _observation(self):
        vector = np.array([self.start, self.count], np.float64)
        return {"count": vector, "phase": self.count} if self.as_dict else vector

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.start, self.count = float(self.np_random.integers(1000)), 0
        return self._observation(), {}

    def step(self, action):
        self.count += 1
        ended = self.count == self.length
        return self._observation(), float(action) + 0.1, ended and self.length % 2 == 1, ended and self.length % 2 == 0, {}


LENGTHS = (3, 4, 5)
MODES = list(AutoresetMode)


def constructors(as_dict: bool = False):
    return [partial(Counter, length, as_dict) for length in LENGTHS]


def flat(observations) -> np.ndarray:
    if isinstance(observations, dict):
        return np.concatenate([observations["count"], observations["phase"][:, None]], axis=1)
    return observations


def transitions(venv, steps: int) -> list[list[tuple]]:
    """What each environment went through, reset rows left out; the action tells how many transitions came before."""
    seen: list[list[tuple]] = [[] for _ in LENGTHS]
    before = flat(venv.reset([5, 6, 7])).copy()
    for _ in range(steps):
        actions = np.array([len(rows) % 3 for rows in seen])
        step, obs = venv.step(actions)
        assert np.array_equal(flat(step.obs), before)
        assert step.actions is actions
        after, successors = flat(obs), flat(step.next_obs)
        for i in np.flatnonzero(step.valid):
            outcome = (actions[i], step.rewards[i], step.terminated[i], step.truncated[i])
            seen[i].append((*before[i].tolist(), *(value.item() for value in outcome), *successors[i].tolist()))
        before = after.copy()
    venv.close()
    return seen


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
@pytest.mark.parametrize("mode", MODES)
def test_every_way_to_begin_new_episodes_gives_the_same_transitions(mode, kind, as_dict):
    native = transitions(NativeEnvironment(kind(constructors(as_dict), autoreset_mode=mode)), 30)
    own = transitions(InProcessEnvironment.open(constructors(as_dict)), 30)
    for theirs, ours in zip(native, own, strict=True):
        assert len(theirs) >= 20
        assert theirs == ours[: len(theirs)]


def test_the_successor_is_final_where_an_episode_ends_and_the_next_observation_is_new():
    venv = InProcessEnvironment.open(constructors())
    venv.reset([1, 2, 3])
    for _ in range(2):
        step, obs = venv.step(np.zeros(3, np.int64))
        assert step.next_obs is obs
    step, obs = venv.step(np.zeros(3, np.int64))
    assert step.terminated.tolist() == [True, False, False]
    assert step.next_obs[:, 1].tolist() == [3, 3, 3]
    assert obs[:, 1].tolist() == [0, 3, 3]
    assert step.truncated.tolist() == [False, False, False]
    assert venv.step(np.zeros(3, np.int64))[0].truncated.tolist() == [False, True, False]


def test_rewards_keep_double_precision():
    venv = InProcessEnvironment.open(constructors())
    venv.reset()
    assert venv.step(np.ones(3, np.int64))[0].rewards.tolist() == [1.1, 1.1, 1.1]


def test_environments_that_are_not_active_keep_their_observation_and_have_no_valid_row():
    venv = InProcessEnvironment.open(constructors())
    venv.reset([1, 2, 3])
    venv.step(np.zeros(3, np.int64))
    active = np.array([True, False, True])
    for count in (2, 3):
        step, _ = venv.step(np.ones(3, np.int64), active)
        assert step.next_obs[:, 1].tolist() == [count, 1, count]
        assert step.rewards.tolist() == [1.1, 0.0, 1.1]
        assert step.valid.tolist() == [True, False, True]
    assert venv.step(np.ones(3, np.int64), ~active)[1][:, 1].tolist() == [0, 2, 3]


def test_observations_to_act_on_are_those_of_the_step_that_follows():
    venv = InProcessEnvironment.open(constructors())
    venv.reset([1, 2, 3])
    for _ in range(7):
        _, obs = venv.step(np.zeros(3, np.int64))
        kept = obs.copy()
        step, _ = venv.step(np.zeros(3, np.int64))
        assert step.obs is obs
        assert np.array_equal(obs, kept)


def test_a_reset_row_of_a_next_step_environment_is_not_valid_and_has_no_reward():
    venv = NativeEnvironment(SyncVectorEnv(constructors(), autoreset_mode=AutoresetMode.NEXT_STEP))
    venv.reset([1, 2, 3])
    for _ in range(3):
        assert venv.step(np.ones(3, np.int64))[0].valid.all()
    step, obs = venv.step(np.ones(3, np.int64))
    assert step.valid.tolist() == [False, True, True]
    assert step.rewards[0] == 0.0
    assert obs[0, 1] == 0


def test_cartpoles_own_vectorised_form_repeats_with_its_first_seed():
    def run(seeds):
        venv = NativeEnvironment(gym.make_vec("CartPole-v1", num_envs=4, vectorization_mode="vector_entry_point"))
        seen = [venv.reset(seeds).copy(), *(venv.step(np.full(4, t % 2))[1].copy() for t in range(60))]
        venv.close()
        return np.stack(seen)

    assert np.array_equal(run([3, 4, 5, 6]), run([3, 9, 9, 9]))
    assert not np.array_equal(run([3, 4, 5, 6]), run([4, 4, 5, 6]))


def test_a_vectorised_environment_is_stepped_as_a_whole():
    venv = NativeEnvironment(SyncVectorEnv(constructors()))
    venv.reset()
    with pytest.raises(UsageError, match="as a whole"):
        venv.step(np.zeros(3, np.int64), np.array([True, False, True]))


def test_a_vectorised_environment_must_say_how_it_begins_new_episodes():
    silent = SyncVectorEnv(constructors())
    silent.metadata = {}
    with pytest.raises(UsageError, match="autoreset_mode"):
        NativeEnvironment(silent)


class Fragile(Counter):
    def __init__(self, fails_in: str) -> None:
        super().__init__(4)
        self.fails_in = fails_in
        self.closed = False
        if fails_in == "constructor":
            raise RuntimeError("no licence")

    def reset(self, *, seed=None, options=None):
        if self.fails_in == "reset":
            raise RuntimeError("no level")
        observation, info = super().reset(seed=seed)
        return (observation[:1] if self.fails_in == "shape" else observation), info

    def step(self, action):
        observation, reward, *rest = super().step(action)
        if self.fails_in == "step" and self.count == 3:
            raise RuntimeError("the wheel came off")
        return observation, None if self.fails_in == "reward" else reward, *rest

    def close(self):
        self.closed = True


def test_a_failing_step_is_reported_with_index_seed_step_and_action():
    venv = InProcessEnvironment.open([partial(Fragile, "never"), partial(Fragile, "step")])
    venv.reset([10, 11])
    venv.step(np.array([0, 0]), np.array([True, False]))
    for _ in range(2):
        venv.step(np.array([0, 0]))
    message = r"^environment 1 \(seed 11\) raised RuntimeError: the wheel came off, at step 3 of its episode \(3 in all\), with action 2$"
    with pytest.raises(EnvironmentFailure, match=message) as failed:
        venv.step(np.array([0, 2]))
    assert isinstance(failed.value.__cause__, RuntimeError)


def reset_and_step(venv) -> None:
    venv.reset([7, 8])
    venv.step(np.array([0, 0]))


@pytest.mark.parametrize(
    ("fails_in", "message"),
    [("reset", "no level, in its reset"), ("shape", r"shape \(1,\), but its space is Box\(2,\)"), ("reward", "answered None as reward")],
)
def test_a_failing_reset_a_wrong_shape_and_a_missing_reward_are_reported(fails_in, message):
    venv = InProcessEnvironment.open([partial(Fragile, "never"), partial(Fragile, fails_in)])
    with pytest.raises(EnvironmentFailure, match=rf"environment 1 \(seed 8\).*{message}"):
        reset_and_step(venv)


def test_a_failing_constructor_closes_what_was_opened():
    opened = Fragile("never")
    with pytest.raises(EnvironmentFailure, match=r"environment 1 \(never seeded\) raised RuntimeError: no licence, in its constructor"):
        InProcessEnvironment.open([lambda: opened, partial(Fragile, "constructor")])
    assert opened.closed


def test_environments_of_different_spaces_are_refused():
    with pytest.raises(UsageError, match="equal spaces"):
        InProcessEnvironment.open([partial(Counter, 3), partial(Counter, 3, as_dict=True)])


def test_as_many_seeds_as_environments_must_be_given():
    with pytest.raises(UsageError, match="2 seeds were given for 3"):
        InProcessEnvironment.open(constructors()).reset([1, 2])


def test_closing_twice_closes_once():
    opened = Fragile("never")
    venv = InProcessEnvironment.open([lambda: opened])
    venv.close()
    opened.closed = False
    venv.close()
    assert not opened.closed
