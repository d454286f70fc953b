"""What worker processes may do to the process that began them, and what they leave behind: nothing."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Lock

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from attrs import frozen

from rlchassis.envs import EnvFactory, EnvFactoryCallable, EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis.envs.subprocess.registrations import register_missing, registrations
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure, UsageError
from rlchassis_testkit.clock import Clock
from rlchassis_testkit.processes import exists, gone_within

cloudpickle.register_pickle_by_value(sys.modules[__name__])

DAEMON = """
import os, sys, time
if not os.fork():
    print(os.getpid(), file=open(sys.argv[1], "w"), flush=True)
    time.sleep(1000)
"""


def descriptors():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  no path is needed


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted there")
def test_a_worker_costs_one_descriptor_which_close_gives_back_without_a_collector():
    before = descriptors()
    gc.disable()
    try:
        venv = WorkerEnvironment.open([Clock] * 3, num_workers=3)
        venv.reset([1, 2, 3])
        assert descriptors() - before <= 3 + 4
        venv.close()
        assert descriptors() == before
    finally:
        gc.enable()


class Unruly(Clock):
    """Prints, and starts processes that leave its process group."""

    def __init__(self, file):
        super().__init__()
        print("printed by an environment", flush=True)  # noqa: T201  as environments do
        away = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        subprocess.run([sys.executable, "-c", DAEMON, file], start_new_session=True, check=True)
        while not file.exists() or not file.read_text().endswith("\n"):
            time.sleep(0.01)
        file.write_text(f"{away.pid} {file.read_text()}")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what a worker started is found there")
def test_processes_that_an_environment_starts_end_with_it_and_its_output_is_no_answer(tmp_path, capfd):
    file = tmp_path / "pids"
    venv = WorkerEnvironment.open([partial(Unruly, file)])
    pids = [int(pid) for pid in file.read_text().split()]
    assert len(pids) == 2
    assert all(map(exists, pids))
    venv.close()
    assert gone_within(pids, 5.0)
    out, err = capfd.readouterr()
    assert out == ""
    assert "printed by an environment" in err


class Forking(Clock):
    """Exits while a process that it forked still holds the connection."""

    def step(self, action):
        if os.fork():
            os._exit(7)
        time.sleep(1000)


def test_an_exit_code_is_reported_though_a_fork_holds_the_connection():
    venv = WorkerEnvironment.open([Forking], step_timeout=20.0)
    venv.reset([5])
    begun = time.monotonic()
    with pytest.raises(EnvironmentFailure, match=r"environment 0 \(seed 5\) lost its worker process, which exited with code 7, at step 1"):
        venv.step(np.zeros((1, 2), np.float32))
    assert time.monotonic() - begun < 20


def test_one_object_for_all_is_another_object_for_each_in_workers():
    one = Clock()
    venv = EnvFactoryCallable(lambda: one, VectorEnvType.SUBPROC).create_venv(2, EnvMode.TRAIN)
    observations = venv.reset([1, 2])
    after = venv.step(np.zeros((2, 2), np.float32))[1]
    assert (after["step"] - observations["step"]).tolist() == [[1.0], [1.0]]
    venv.close()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), "5", True])
@pytest.mark.parametrize("name", ["step_timeout", "constructor_timeout"])
def test_a_timeout_is_a_finite_number_of_seconds(name, seconds):
    for factory in (partial(EnvFactoryCallable, Clock), partial(EnvFactoryRegistered, "CartPole-v1")):
        with pytest.raises(UsageError, match=f"{name} must be"):
            factory(**{name: seconds})

    @frozen
    class Own(EnvFactory):
        def create_env(self, mode):
            return Clock()

    with pytest.raises(UsageError, match=f"{name} must be a finite number of seconds above 0, not"):
        type("Another", (Own,), {name: seconds})().create_venv(1, EnvMode.TRAIN)


def test_environments_that_a_script_registered_are_known_to_another_process(monkeypatch):
    def unsendable(lock=Lock()):  # noqa: B008  it shall not be sent
        return Clock()

    monkeypatch.setattr(sys.modules["__main__"], "Ticking", Clock, raising=False)
    entries = {"TickTock-v0": lambda: Clock(), "Main-v0": "__main__:Ticking", "Stay-v0": unsendable}
    for name, entry in entries.items():
        gym.register(name, entry)
    sent = pickle.loads(pickle.dumps(registrations(cloudpickle.dumps)))
    assert "CartPole-v1" not in sent
    for name in entries:
        del gym.registry[name]
    register_missing(sent)
    assert isinstance(gym.make("TickTock-v0").unwrapped, Clock)
    monkeypatch.delattr(sys.modules["__main__"], "Ticking")
    assert isinstance(gym.make("Main-v0").unwrapped, Clock)
    with pytest.raises(UsageError, match=r"Stay-v0 cannot be sent to a worker process \(.*\); use VectorEnvType.DUMMY"):
        gym.make("Stay-v0")
    for name in entries:
        del gym.registry[name]


def test_a_callable_in_a_worker_finds_what_a_script_registered():
    gym.register("TickTock-v0", lambda: Clock())
    venv = EnvFactoryCallable(lambda: gym.make("TickTock-v0"), VectorEnvType.SUBPROC).create_venv(1, EnvMode.TRAIN)
    assert venv.traits.task == "TickTock-v0"
    venv.close()
    del gym.registry["TickTock-v0"]
