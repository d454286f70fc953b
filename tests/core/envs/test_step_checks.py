"""What environments may answer; whatever else they answer is refused where it arises, with all that is needed to find it."""

from __future__ import annotations

import logging
import sys
from functools import partial

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.step_checks import THOROUGH_STEPS
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure

cloudpickle.register_pickle_by_value(sys.modules[__name__])

VECTOR = Box(-9, 9, (3,), np.float32)
WIDE = Box(-np.inf, np.inf, (40,), np.float64)


class Scripted(gym.Env):
    """Answers `usual` at every step but the bad one, where it returns the value under test."""

    action_space = Discrete(2)

    def __init__(self, space, usual, bad_step=0, observation=None, answer=None) -> None:
        self.observation_space, self.usual = space, usual
        self.bad_step, self.observation, self.answer = bad_step, observation, answer
        self.count = 0

    def reset(self, *, seed=None, options=None):
        return (self.observation if self.bad_step == 0 and self.observation is not None else self.usual), {}

    def step(self, action):
        self.count += 1
        if self.count != self.bad_step:
            return self.usual, 0.0, False, False, {}
        return (self.observation, 0.0, False, False, {}) if self.answer is None else self.answer


def run(constructors, steps, open_envs=InProcessEnvironment.open):
    venv = open_envs(constructors)
    observations = venv.reset(range(10, 10 + len(constructors)))
    for _ in range(steps):
        _, observations = venv.step(np.zeros(len(constructors), np.int64))
    venv.close()
    return observations


def observed(space, value):
    """What is stored of a first observation."""
    return run([partial(Scripted, space, value)], 0)[0]


def grid(size, dtype=np.uint8, high=1):
    return Box(0, high, (size,), dtype)


IMPOSSIBLE = {
    "nan": (VECTOR, np.zeros(3), [0.0, np.nan, 0.0], r"nan at \[1\] in its observation, expected a finite number"),
    "inf": (VECTOR, np.zeros(3), np.array([0.0, 0.0, -np.inf]), r"-inf at \[2\]"),
    "both infinities": (VECTOR, np.zeros(3), np.array([0.0, np.inf, -np.inf]), r"inf at \[1\]"),
    "nan among many": (WIDE, np.zeros(40), np.where(np.arange(40) == 33, np.nan, 0.0), r"nan at \[33\]"),
    "beyond Discrete": (Discrete(5), 4, 5, "5 in its observation, expected a whole number from 0 to 4"),
    "below a start": (Discrete(3, start=2), 2, np.int64(1), "expected a whole number from 2 to 4"),
    "beyond MultiDiscrete": (MultiDiscrete([5, 3]), np.array([4, 2]), np.array([4, 3]), r"3 at \[1\] .* from 0 to 2"),
    "no bit": (MultiBinary(4), np.ones(4, np.int8), np.array([0, 1, 2, 0], np.int8), r"2 at \[2\] .* from 0 to 1"),
    "beyond a small Box": (grid(4), np.ones(4, np.uint8), np.array([0, 7, 0, 0], np.uint8), r"7 at \[1\] .* from 0 to 1"),
    "beyond a large Box": (grid(50), np.ones(50, np.uint8), np.full(50, 2, np.uint8), r"2 at \[0\] .* from 0 to 1"),
    "fractions": (grid(4, high=255), np.zeros(4, np.uint8), np.full(4, 0.7), r"0\.7 at \[0\] in its observation, expected a whole number"),
    "negative": (grid(2, high=255), np.zeros(2, np.uint8), np.array([0, -1]), r"-1 at \[1\] .* from 0 to 255"),
    "too large a number": (Discrete(5), 0, 2**70, f"{2**70} as observation, expected a whole number from 0 to 4"),
    "no number that anyone prints": (Discrete(5), 0, 10**5000, "an integer of 16610 bits as observation"),
    "a fraction": (Discrete(5), 0, 0.5, r"0\.5 in its observation"),
    "None": (VECTOR, np.zeros(3), None, r"None as observation, expected finite numbers in an array of shape \(3,\)"),
    "a tuple": (VECTOR, np.zeros(3), (np.zeros(3), {}), r"an object of type tuple as observation, .* shape \(3,\)"),
    "words": (VECTOR, np.zeros(3), np.array(["a", "b", "c"]), "dtype <U1 as observation"),
    "a scalar": (VECTOR, np.zeros(3), 5.0, r"an observation of shape \(\), but its space is Box\(3,\)"),
    "a column": (VECTOR, np.zeros(3), np.zeros((3, 1)), r"an observation of shape \(3, 1\), but"),
    "an array for Discrete": (Discrete(5), 0, np.array([3]), r"an observation of shape \(1,\), but its space is Discrete\(5\)"),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_impossible_observation_is_refused_early_and_late(case, late):
    space, usual, bad, message = IMPOSSIBLE[case]
    step = THOROUGH_STEPS + 5 if late else 1
    envs = [partial(Scripted, space, usual), partial(Scripted, space, usual, step, bad)]
    where = rf"at step {step} of its episode \({step} in all\), with action 0$"
    with pytest.raises(EnvironmentFailure, match=rf"^environment 1 \(seed 11\) answered .*{message}.*, {where}"):
        run(envs, step)


def test_a_part_of_a_dict_is_named_by_its_keys():
    space = Dict({"at": VECTOR, "arm": Dict({"joints": MultiDiscrete([3, 3])})})
    usual = {"at": np.zeros(3), "arm": {"joints": np.array([1, 2])}}
    for bad, message in (
        ({"at": np.full(3, np.nan), "arm": usual["arm"]}, "in its observation 'at'"),
        ({"at": usual["at"], "arm": {"joints": np.array([1, 5])}}, r"5 at \[1\] in its observation 'arm.joints'"),
        ({"at": usual["at"], "arm": {}}, "has no 'arm.joints'"),
        ({"at": usual["at"]}, "has no 'arm'"),
        (np.zeros(3), r"an array of shape \(3,\) .* expected a dict"),
        ({"at": usual["at"], "arm": None}, "None as observation 'arm', expected a dict"),
    ):
        for step in (0, 1, THOROUGH_STEPS + 1):
            with pytest.raises(EnvironmentFailure, match=f"environment 0 .*{message}"):
                run([partial(Scripted, space, usual, step, bad)], step)


@pytest.mark.parametrize(
    ("space", "value", "stored"),
    [
        (VECTOR, np.array([0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]),
        (VECTOR, [1, 2, 3], [1, 2, 3]),
        (grid(3, np.int64, 9), np.array([1.0, 2.0, 3.0]), [1, 2, 3]),
        (grid(3, np.int64, 9), np.array([1, 2, 3], np.int16), [1, 2, 3]),
        (MultiBinary(2), np.array([True, False]), [1, 0]),
        (MultiDiscrete([5, 5]), [4, 0], [4, 0]),
        (Discrete(3), np.array(2), 2),
        (Discrete(3), np.uint8(2), 2),
        (Discrete(2), True, 1),
    ],
)
def test_observations_that_can_be_cast_without_loss_are_stored(space, value, stored):
    assert observed(space, value).tolist() == pytest.approx(stored)


HERE = np.zeros(3)
FORMS = {
    "four values": ((HERE, 0.0, False, {}), r"4 values, expected \(observation, reward, terminated, truncated, info\)"),
    "no tuple": (HERE, r"an array of shape \(3,\)"),
    "no info": ((HERE, 0.0, False, False, None), "None as info, expected a dict"),
    "nan reward": ((HERE, np.nan, False, False, {}), "nan as reward, expected a finite number"),
    "infinite reward": ((HERE, -np.inf, False, False, {}), "-inf as reward"),
    "no reward": ((HERE, None, False, False, {}), "None as reward, expected one finite number"),
    "a reward in words": ((HERE, "1.0", False, False, {}), "an object of type str as reward, expected one finite number"),
    "a reward of one element": ((HERE, np.ones(1), False, False, {}), r"an array of shape \(1,\) .* as reward"),
    "no end": ((HERE, 0.0, None, False, {}), "None as terminated, expected True or False"),
    "half an end": ((HERE, 0.0, False, 0.5, {}), r"0\.5 as truncated"),
    "two ends": ((HERE, 0.0, 2, False, {}), "2 as terminated"),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_step_that_answers_in_another_form_is_refused(case):
    answer, message = FORMS[case]
    with pytest.raises(EnvironmentFailure, match=f"answered {message}"):
        run([partial(Scripted, VECTOR, HERE, 1, answer=answer)], 1)


class Wrapped(gym.wrappers.RecordEpisodeStatistics):
    """Of gymnasium: unpacks what step and reset of the environment within return."""

    def __init__(self, **script) -> None:
        super().__init__(Scripted(VECTOR, HERE, **script))


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        ((HERE, 0.0, False, {}), r"ValueError: not enough values to unpack \(expected 5, got 4\)"),
        ((HERE, 0.0, False, False, {}, 6), r"ValueError: too many values to unpack \(expected 5(, got 6)?\)"),
        (HERE, r"ValueError: not enough values to unpack \(expected 5, got 3\)"),
        (0.0, "TypeError: cannot unpack non-iterable float object"),
    ],
)
@pytest.mark.parametrize("open_envs", [InProcessEnvironment.open, partial(WorkerEnvironment.open, num_workers=1)])
def test_a_wrapper_that_cannot_unpack_a_step_is_explained(answer, got, open_envs):
    message = r"step of the environment within must return \(observation, reward, terminated, truncated, info\), at step 1 of its episode"
    with pytest.raises(EnvironmentFailure, match=f"raised {got} in its wrapper Wrapped: {message}"):
        run([partial(Wrapped, bad_step=1, answer=answer)], 1, open_envs)


def test_a_wrapper_that_cannot_unpack_a_reset_is_explained():
    env = Wrapped()
    env.env.reset = lambda **_: HERE
    message = r"in its wrapper Wrapped: reset of the environment within must return \(observation, info\), in its reset after 0 steps"
    with pytest.raises(EnvironmentFailure, match=rf"too many values to unpack \(expected 2(, got 3)?\) {message}"):
        run([lambda: env], 0)


def test_an_environment_that_unpacks_something_else_is_quoted_alone():
    env = Wrapped()
    env.env.step = lambda _: [left for left, right in [(1, 2, 3)]]
    with pytest.raises(EnvironmentFailure, match=r"too many values to unpack \(expected 2(, got 3)?\), at step 1"):
        run([lambda: env], 1)


@pytest.mark.parametrize(("reward", "end"), [(np.float32(1.5), np.True_), (np.array(1.5), np.array(True)), (1.5, 1)])
def test_numpys_scalars_are_rewards_and_ends(reward, end):
    venv = InProcessEnvironment.open([partial(Scripted, VECTOR, HERE, 1, answer=(HERE, reward, end, 0, {}))])
    venv.reset([1])
    step, _ = venv.step(np.zeros(1, np.int64))
    assert (step.rewards.tolist(), step.terminated.tolist(), step.truncated.tolist()) == ([1.5], [True], [False])


def test_large_finite_numbers_are_no_infinities():
    assert np.isfinite(run([partial(Scripted, VECTOR, np.full(3, 3e38, np.float32))], 2)).all()
    huge = partial(Scripted, VECTOR, HERE, 1, answer=(HERE, 1e308, False, False, {}))
    run([huge, huge], 1)


def test_floats_beyond_their_bounds_and_surplus_keys_are_reported_once(caplog):
    space = Dict({"at": VECTOR})
    answer = {"at": np.array([0.0, 10.0, -20.0]), "debug": 1}
    with caplog.at_level(logging.WARNING, "rlchassis"):
        assert run([partial(Scripted, space, answer)] * 2, 3)["at"][1].tolist() == [0.0, 10.0, -20.0]
    message = [record.getMessage() for record in caplog.records]
    assert len(message) == 2
    assert "environment 0 answers keys that are not in its observation space and are left out: 'debug'" in message[0]
    assert "environment 0 answers an observation 'at' from -20 to 10, outside the bounds of its space" in message[1]


def test_workers_check_as_this_process_does_and_hand_reports_on(caplog):
    bad = partial(Scripted, VECTOR, np.full(3, 10.0), 2, np.array([0.0, np.nan, 0.0]))
    with (
        caplog.at_level(logging.WARNING, "rlchassis"),
        pytest.raises(EnvironmentFailure, match=r"environment 1 \(seed 11\) answered nan at \[1\] .*, at step 2 of its episode"),
    ):
        run([partial(Scripted, VECTOR, np.full(3, 10.0)), bad], 2, partial(WorkerEnvironment.open, num_workers=1))
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == ["environment 0 answers an observation from 10 to 10"]


def vectorised(constructors, mode):
    return NativeEnvironment(SyncVectorEnv(constructors, autoreset_mode=mode, observation_mode="different"))


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize(
    ("space", "usual", "bad", "message"),
    [
        (VECTOR, np.zeros(3), np.array([0.0, np.nan, 0.0]), r"nan at \[1\] in its observation"),
        (Discrete(5), 4, 5, "5 in its observation, expected a whole number from 0 to 4"),
    ],
)
def test_a_vectorised_environment_is_checked_as_a_whole(mode, space, usual, bad, message):
    for step in (1, THOROUGH_STEPS + 1):
        envs = [partial(Scripted, space, usual), partial(Scripted, space, usual, step, bad)]
        with pytest.raises(EnvironmentFailure, match=rf"environment 1 \(seed 11\) answered {message}.*at its step {step} "):
            run(envs, step, partial(vectorised, mode=mode))


def test_a_vectorised_environments_rewards_and_final_observations_are_checked():
    nan = np.full(3, np.nan)
    for answer, message in (((HERE, np.nan, False, False, {}), "nan as reward"), ((nan, 0.0, True, False, {}), r"nan at \[0\]")):
        envs = [partial(Scripted, VECTOR, HERE), partial(Scripted, VECTOR, HERE, 1, answer=answer)]
        with pytest.raises(EnvironmentFailure, match=rf"environment 1 \(seed 11\) answered {message}"):
            run(envs, 1, partial(vectorised, mode=AutoresetMode.SAME_STEP))
