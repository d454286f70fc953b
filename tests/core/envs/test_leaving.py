"""Every way in which an environment can leave is an EnvironmentFailure that names it, but for the user's own interrupt."""

from __future__ import annotations

import logging
import sys
from functools import partial

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rlchassis.envs import Environments
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure
from rlchassis_testkit.clock import Clock

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError("no words")


class Beyond(BaseException):
    pass


def leave_quietly():
    sys.exit(0)


def leave_with_words():
    sys.exit("good\nbye")


def fail_unspeakably():
    raise UnspeakableError


def fail_beyond():
    raise Beyond("all\n  bounds")


def interrupt():
    raise KeyboardInterrupt


FATES = {
    leave_quietly: r"called sys\.exit\(0\)",
    leave_with_words: r"called sys\.exit\(good bye\)",
    fail_unspeakably: r"raised UnspeakableError: \(no text: its __str__ raised ValueError\)",
    fail_beyond: "raised Beyond: all bounds",
}
WHEN = {0: "in its constructor", -1: "in its reset after 0 steps", 2: r"at step 2 of its episode \(2 in all\), with action"}


def live(open_envs, fate, fatal_step):
    venv = open_envs([Clock, partial(Clock, fate, fatal_step)])
    venv.reset([7, 8])
    for _ in range(2):
        venv.step(np.zeros((2, 2), np.float32))


@pytest.mark.parametrize("fatal_step", WHEN)
@pytest.mark.parametrize("fate", FATES)
def test_an_environment_that_leaves_is_named(fate, fatal_step):
    seed = "never seeded" if fatal_step == 0 else "seed 8"
    with pytest.raises(EnvironmentFailure, match=rf"^environment 1 \({seed}\) {FATES[fate]}, {WHEN[fatal_step]}"):
        live(InProcessEnvironment.open, fate, fatal_step)


@pytest.mark.parametrize("fatal_step", WHEN)
def test_an_interrupt_stays_an_interrupt(fatal_step):
    with pytest.raises(KeyboardInterrupt):
        live(InProcessEnvironment.open, interrupt, fatal_step)


@pytest.mark.parametrize(
    ("fate", "fatal_step", "message"),
    [(leave_quietly, 0, FATES[leave_quietly]), (fail_unspeakably, 2, FATES[fail_unspeakably]), (interrupt, -1, "raised KeyboardInterrupt")],
)
def test_an_environment_that_leaves_its_worker_is_named(fate, fatal_step, message):
    seed = "never seeded" if fatal_step == 0 else "seed 8"
    with pytest.raises(EnvironmentFailure, match=rf"^environment 1 \({seed}\) {message}, in|at"):
        live(partial(WorkerEnvironment.open, num_workers=1), fate, fatal_step)


class Vectorised(gym.vector.VectorEnv):
    metadata = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}  # noqa: RUF012  as gymnasium has it
    num_envs, single_observation_space, single_action_space = 2, gym.spaces.Discrete(2), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        sys.exit(0)

    def close(self):
        raise Beyond("the window is gone")


def test_a_vectorised_environment_that_leaves_is_named():
    with pytest.raises(EnvironmentFailure, match=r"^the vectorised environment of 2 called sys\.exit\(0\), in its reset$"):
        NativeEnvironment(Vectorised()).reset([1, 2])


class BadClose(Clock):
    def close(self):
        raise RuntimeError("the window is gone")


def test_a_close_that_fails_is_reported_and_costs_nothing(caplog):
    with caplog.at_level(logging.WARNING, "rlchassis"):
        Environments.of(InProcessEnvironment.open([BadClose] * 3)).close()
        Environments.of(WorkerEnvironment.open([BadClose])).close()
        Environments.of(NativeEnvironment(Vectorised())).close()
    message = [record.getMessage() for record in caplog.records]
    assert message == [
        "an environment could not be closed: it raised RuntimeError: the window is gone.",
        "an environment could not be closed: it raised RuntimeError: the window is gone.",
        "a vector environment could not be closed: it raised Beyond: the window is gone.",
    ]


class ResetsWithoutSeed(Clock):
    def reset(self):
        return super().reset()


class OldReset(Clock):
    def reset(self, seed=None):
        return super().reset(seed=seed)[0]["step"]


def test_a_reset_of_another_form_is_refused_with_the_right_one():
    with pytest.raises(EnvironmentFailure, match=r"in its reset after 0 steps; define it as reset\(self, \*, seed=None, options=None\)"):
        InProcessEnvironment.open([ResetsWithoutSeed]).reset([1])
    with pytest.raises(EnvironmentFailure, match=r"answered an array of shape \(1,\) .* expected \(observation, info\), in its reset"):
        InProcessEnvironment.open([OldReset]).reset([1])


@pytest.mark.parametrize("fatal_step", WHEN)
def test_a_signal_of_an_environments_own_is_still_caught_as_what_it_is(fatal_step):
    with pytest.raises(Beyond) as caught:
        live(InProcessEnvironment.open, fail_beyond, fatal_step)
    assert isinstance(caught.value, EnvironmentFailure)
    assert type(caught.value).__name__ == "EnvironmentFailure"
