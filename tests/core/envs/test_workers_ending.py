"""How worker processes end: with their environments, in spite of them, and with whoever began them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import cloudpickle
import numpy as np
import pytest

from rlchassis.envs.subprocess.worker import WorkerTraceback
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure
from rlchassis_testkit.clock import Clock, be_killed, explode, hang, leave
from rlchassis_testkit.processes import exists, gone_within

cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.mark.parametrize(
    ("fate", "message"),
    [
        (explode, "raised RuntimeError: the wheel came off"),
        (leave, "lost its worker process, which exited with code 3"),
        (be_killed, "lost its worker process, which was killed by SIGKILL"),
        (hang, "did not answer within 1 s and was killed"),
    ],
)
@pytest.mark.parametrize(
    ("fatal_step", "when"), [(0, "in its constructor"), (-1, "in its reset"), (3, r"at step 3 of its episode \(3 in all\)")]
)
def test_a_failing_environment_is_named_and_nothing_stays_behind(fate, message, fatal_step, when, monkeypatch):
    started = recorded_pids(monkeypatch)
    constructors = [Clock, Clock, partial(Clock, fate, fatal_step), Clock]
    seed = "never seeded" if fatal_step == 0 else "seed 12"
    with pytest.raises(EnvironmentFailure, match=rf"environment 2 \({seed}\) {message}, {when}") as failed:
        run_three_steps(constructors, timeout=1.0 if fate is hang else 20.0)
    is_replaced = fate is not explode and fatal_step != 0
    assert len(started) == 3 + 2 * is_replaced, "two workers and their guard, and those in the place of the lost one and of the guard"
    assert gone_within(started, 0.0)
    if fate is explode:
        assert isinstance(failed.value.__cause__, WorkerTraceback)
        assert "in explode" in str(failed.value.__cause__)
    if fatal_step == 3:
        assert "with action [3. 1.]" in str(failed.value)


def recorded_pids(monkeypatch) -> list[int]:
    pids: list[int] = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            pids.append(self.pid)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return pids


def run_three_steps(constructors, timeout: float) -> None:
    venv = WorkerEnvironment.open(constructors, num_workers=2, constructor_timeout=timeout, step_timeout=timeout)
    venv.reset([10, 11, 12, 13])
    for _ in range(3):
        venv.step(np.array([[0, 0], [0, 0], [0.5, 1], [0, 0]], np.float32))


def test_after_a_failure_the_environments_say_that_they_are_closed():
    venv = WorkerEnvironment.open([partial(Clock, explode)])
    venv.reset([1])
    for _ in range(2):
        venv.step(np.zeros((1, 2), np.float32))
    with pytest.raises(EnvironmentFailure, match="wheel"):
        venv.step(np.zeros((1, 2), np.float32))
    with pytest.raises(EnvironmentFailure, match="closed"):
        venv.step(np.zeros((1, 2), np.float32))
    venv.close()


class StuckAtClosing(Clock):
    def close(self):
        hang()


@pytest.mark.parametrize("env", [Clock, StuckAtClosing])
def test_closing_ends_the_processes_in_bounded_time(env, monkeypatch):
    monkeypatch.setattr("rlchassis.envs.subprocess.workers.SECONDS_TO_DIE", 1.0)
    venv = WorkerEnvironment.open([env, env], num_workers=2)
    venv.reset([1, 2])
    begun = time.monotonic()
    venv.close()
    venv.close()
    assert time.monotonic() - begun < 5
    assert gone_within(venv.pids, 0.0)


def test_forgotten_environments_leave_no_process():
    venv = WorkerEnvironment.open([Clock, Clock], num_workers=2)
    pids = venv.pids
    del venv
    assert gone_within(pids, 2.0)


SUPERVISOR = """
import ctypes, subprocess, sys
import numpy as np, gymnasium as gym
from rlchassis.envs.subprocess.workers import WorkerEnvironment

class Hanging(gym.Env):
    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        away = subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL)
        with open(sys.argv[1], "a") as file:
            print(away.pid, file=file)
        return 0, {}
    def step(self, action):
        ctypes.PyDLL(None).sleep(1000)    # holds the GIL

venv = WorkerEnvironment.open([Hanging, lambda: Hanging()], num_workers=2)    # no main guard is needed
venv.reset([1, 2])
print(*venv.pids, flush=True)
venv.step(np.zeros(2, np.int64))
"""


def test_workers_that_hold_the_gil_and_what_they_started_end_with_their_killed_supervisor(tmp_path):
    script, children = tmp_path / "script.py", tmp_path / "children"
    script.write_text(SUPERVISOR.replace("sys.argv[1]", repr(str(children))))
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": ":".join(sys.path)}
    ) as supervisor:
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        assert len(pids) == 2
        pids += map(int, children.read_text().split())
        assert len(pids) == 4
        assert all(map(exists, pids))
        time.sleep(0.2)  # for the step to begin
        supervisor.kill()
    assert gone_within(pids, 10.0)


def test_workers_outlive_an_interrupt_that_is_meant_for_the_supervisor():
    venv = WorkerEnvironment.open([Clock])
    venv.reset([1])
    os.kill(venv.pids[0], signal.SIGINT)
    assert venv.step(np.zeros((1, 2), np.float32))[1]["step"].shape == (1, 1)
    venv.close()


def test_an_interrupted_step_ends_the_workers():
    venv = WorkerEnvironment.open([partial(Clock, hang, 1)])
    venv.reset([1])
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(KeyboardInterrupt):
        venv.step(np.zeros((1, 2), np.float32))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert gone_within(venv.pids, 0.0)
