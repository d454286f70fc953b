from __future__ import annotations

import sys
from functools import partial

import attrs
import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, Text

from rlchassis.envs import ActionMap, EnvFactoryCallable, EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import UsageError
from rlchassis_testkit.clock import Clock

cloudpickle.register_pickle_by_value(sys.modules[__name__])

PROCESS_TYPES = [VectorEnvType.SUBPROC, VectorEnvType.SUBPROC_SHARED_MEM]


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
        (ours, obs), (theirs, their_obs) = one.step(drawn, active), other.step(drawn, active)
        assert_same_bits(obs, their_obs)
        for our_part, their_part in zip(ours, theirs, strict=True):
            assert_same_bits(our_part, their_part)
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


class NeedsTorch(Clock):
    def __init__(self) -> None:
        super().__init__()
        if "torch" in sys.modules:
            raise RuntimeError("torch was imported")


def test_a_worker_imports_no_torch():
    WorkerEnvironment.open([NeedsTorch]).close()


class Speaking(Clock):
    observation_space = Text(3)


def test_a_usage_error_in_a_worker_is_a_usage_error_in_the_main_process():
    with pytest.raises(UsageError, match="nonsense"):
        EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.SUBPROC, nonsense=1).create_venv(2, EnvMode.TRAIN)
    with pytest.raises(UsageError, match="not supported"):
        WorkerEnvironment.open([Speaking])
    with pytest.raises(UsageError, match="equal spaces"):
        WorkerEnvironment.open([Clock, partial(gym.make, "CartPole-v1")], num_workers=2)


def test_environments_that_cannot_be_pickled_are_refused():
    lock = __import__("threading").Lock()
    with pytest.raises(UsageError, match=r"cannot be sent to a worker process .* use VectorEnvType.DUMMY"):
        EnvFactoryCallable(lambda: lock and Clock(), VectorEnvType.SUBPROC).create_venv(1, EnvMode.TRAIN)


def test_ids_registered_by_a_script_and_wrappers_reach_the_workers():
    gym.register("TickTock-v0", lambda: Clock())
    factory = EnvFactoryRegistered("TickTock-v0", venv_type=VectorEnvType.SUBPROC)
    venv = factory.create_venv(2, EnvMode.TRAIN, [partial(gym.wrappers.TransformReward, func=lambda reward: reward + 100)])
    venv.reset([1, 2])
    assert venv.step(np.zeros((2, 2), np.float32))[0].rewards.tolist() == [102.0, 102.0]
    assert venv.traits.task == "TickTock-v0"
    venv.close()
    del gym.registry["TickTock-v0"]


class Strict(gym.Env):
    """Takes nothing but what its action space samples."""

    observation_space, action_space = Box(-1, 1, (1,)), Box(-1, 2, ())

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        sample = self.action_space.sample()
        assert type(action) is type(sample)
        assert (action.dtype, action.shape) == (sample.dtype, sample.shape)
        return np.zeros(1, np.float32), float(action), False, False, {}


@pytest.mark.parametrize("kind", [InProcessEnvironment, WorkerEnvironment])
def test_an_action_without_dimensions_is_an_array_wherever_the_environment_lives(kind):
    venv = kind.open([Strict])
    venv.reset([1])
    assert venv.step(np.ones((1, 1), np.float32))[0].rewards.tolist() == [2.0]
    venv.close()


def test_discrete_spaces_travel():
    env = partial(gym.make, "FrozenLake-v1")
    assert env().observation_space == Discrete(16)
    assert_same_run(InProcessEnvironment.open([env] * 3), WorkerEnvironment.open([env] * 3), 50)
