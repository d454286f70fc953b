from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import attrs
import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Text

from rlchassis.envs import (
    ActionMap,
    EnvFactoryCallable,
    EnvFactoryRegistered,
    EnvMode,
    InProcessEnvironment,
    VectorEnvType,
    WorkerEnvironment,
)
from rlchassis.envs.worker import WorkerTraceback
from rlchassis.errors import EnvironmentFailure, UsageError

cloudpickle.register_pickle_by_value(sys.modules[__name__])

PROCESS_TYPES = [VectorEnvType.SUBPROC, VectorEnvType.SUBPROC_SHARED_MEM]


class Clock(gym.Env):
    """Shows its step and a picture; at `fatal_step` it does what `fate` says, 0 being the constructor and −1 the reset."""

    observation_space = Dict({"step": Box(0, np.inf, (1,), np.float64), "picture": Box(0, 255, (2, 2), np.uint8)})
    action_space = Box(np.array([0.0, -1.0], np.float32), np.array([4.0, 1.0], np.float32))

    def __init__(self, fate=None, fatal_step: int = 3) -> None:
        self.fate, self.fatal_step = fate, fatal_step
        self._meet(0)

    def _meet(self, step: int) -> None:
        if self.fate is not None and step == self.fatal_step:
            self.fate()

    def _observation(self):
        return {"step": np.array([self.steps + self.offset]), "picture": np.full((2, 2), self.steps, np.uint8)}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._meet(-1)
        self.steps, self.offset = 0, self.np_random.random()
        return self._observation(), {}

    def step(self, action):
        self.steps += 1
        self._meet(self.steps)
        return self._observation(), float(action.sum()), False, self.steps == 7, {}


def explode() -> None:
    raise RuntimeError("the wheel came off")


def leave() -> None:
    os._exit(3)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    time.sleep(1000)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else subprocess.run(["ps", "-p", str(pid)], check=False).returncode == 0


def gone_within(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(exists, pids))


def assert_same_bits(ours, theirs) -> None:
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert_same_bits(ours[key], theirs[key])
    else:
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


def assert_same_run(one, other, steps: int) -> None:
    generator = np.random.default_rng(0)
    actions = ActionMap(one.action_space)
    assert_same_bits(one.reset(range(one.num_envs)), other.reset(range(one.num_envs)))
    for t in range(steps):
        drawn = actions.random(one.num_envs, generator)
        active = generator.random(one.num_envs) < 0.5 if t % 5 == 4 else None
        for ours, theirs in zip(one.step(drawn, active), other.step(drawn, active), strict=True):
            assert_same_bits(ours, theirs)
    one.close()
    other.close()


@pytest.mark.parametrize("venv_type", PROCESS_TYPES)
@pytest.mark.parametrize("task", ["CartPole-v1", "Pendulum-v1"])
def test_worker_processes_give_the_same_bits_as_this_process(task, venv_type):
    factory = EnvFactoryRegistered(task)
    workers = attrs.evolve(factory, venv_type=venv_type)
    assert_same_run(factory.create_venv(3, EnvMode.TRAIN), workers.create_venv(3, EnvMode.TRAIN), 500)


@pytest.mark.parametrize("num_workers", [1, 3])
def test_dict_observations_are_the_same_with_any_number_of_workers(num_workers):
    clocks = [Clock] * 5
    workers = WorkerEnvironment.open(clocks, num_workers=num_workers)
    assert len(workers.pids) == num_workers
    assert_same_run(InProcessEnvironment.open(clocks), workers, 30)


@pytest.mark.parametrize(
    ("fate", "told"),
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
def test_a_failing_environment_is_named_and_nothing_stays_behind(fate, told, fatal_step, when, monkeypatch):
    started = recorded_pids(monkeypatch)
    constructors = [Clock, Clock, partial(Clock, fate, fatal_step), Clock]
    seed = "never seeded" if fatal_step == 0 else "seed 12"
    begun = time.monotonic()
    with pytest.raises(EnvironmentFailure, match=rf"environment 2 \({seed}\) {told}, {when}") as failed:
        run_three_steps(constructors, timeout=1.0 if fate is hang else 20.0)
    assert time.monotonic() - begun < 15
    assert len(started) == 2
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
    monkeypatch.setattr("rlchassis.envs.workers.SECONDS_TO_DIE", 1.0)
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
import sys, time
import numpy as np, gymnasium as gym
from rlchassis.envs import WorkerEnvironment

class Hanging(gym.Env):
    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        return 0, {}
    def step(self, action):
        time.sleep(1000)

venv = WorkerEnvironment.open([Hanging, lambda: Hanging()], num_workers=2)
venv.reset([1, 2])
print(*venv.pids, flush=True)
venv.step(np.zeros(2, np.int64))
"""


def test_workers_of_a_script_without_a_main_guard_end_with_their_killed_supervisor(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SUPERVISOR)
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": ":".join(sys.path)}
    ) as supervisor:
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(exists, pids))
        supervisor.kill()
    assert gone_within(pids, 5.0)


def test_workers_outlive_an_interrupt_that_is_meant_for_the_supervisor():
    venv = WorkerEnvironment.open([Clock])
    venv.reset([1])
    os.kill(venv.pids[0], signal.SIGINT)
    assert venv.step(np.zeros((1, 2), np.float32)).observations["step"].shape == (1, 1)
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


class NeedsTorch(Clock):
    def __init__(self) -> None:
        super().__init__()
        if "torch" in sys.modules:
            raise RuntimeError("torch was imported")


def test_a_worker_imports_no_torch():
    WorkerEnvironment.open([NeedsTorch]).close()


class Speaking(Clock):
    observation_space = Text(3)


def test_what_a_user_asks_wrongly_is_a_usage_error_from_a_worker_too():
    with pytest.raises(UsageError, match="nonsense"):
        EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.SUBPROC, nonsense=1).create_venv(2, EnvMode.TRAIN)
    with pytest.raises(UsageError, match="not supported"):
        WorkerEnvironment.open([Speaking])
    with pytest.raises(UsageError, match="equal spaces"):
        WorkerEnvironment.open([Clock, partial(gym.make, "CartPole-v1")], num_workers=2)


def test_what_cannot_be_pickled_is_refused():
    lock = __import__("threading").Lock()
    with pytest.raises(UsageError, match=r"cannot be sent to a worker process .* use VectorEnvType.DUMMY"):
        EnvFactoryCallable(lambda: lock and Clock(), VectorEnvType.SUBPROC).create_venv(1, EnvMode.TRAIN)


def test_ids_registered_by_a_script_and_wrappers_reach_the_workers():
    gym.register("TickTock-v0", lambda: Clock())
    factory = EnvFactoryRegistered("TickTock-v0", venv_type=VectorEnvType.SUBPROC)
    venv = factory.create_venv(2, EnvMode.TRAIN, [partial(gym.wrappers.TransformReward, func=lambda reward: reward + 100)])
    venv.reset([1, 2])
    assert venv.step(np.zeros((2, 2), np.float32)).rewards.tolist() == [102.0, 102.0]
    assert venv.traits.task == "TickTock-v0"
    venv.close()
    del gym.registry["TickTock-v0"]


def test_discrete_spaces_travel():
    env = partial(gym.make, "FrozenLake-v1")
    assert env().observation_space == Discrete(16)
    assert_same_run(InProcessEnvironment.open([env] * 3), WorkerEnvironment.open([env] * 3), 50)
