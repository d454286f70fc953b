from __future__ import annotations

import pickle
import sys
from typing import ClassVar

import attrs
import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv

from rlchassis.envs import (
    EnvFactory,
    EnvFactoryCallable,
    EnvFactoryRegistered,
    EnvFactoryVector,
    Environments,
    EnvMode,
    VectorEnvType,
    env_factory_from,
)
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import UnsupportedSpaceError, UsageError

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def cartpole(**kwargs):
    return gym.make("CartPole-v1", **kwargs)


def test_a_registered_recipe_is_a_value():
    one = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.SUBPROC, sutton_barto_reward=True)
    assert one == EnvFactoryRegistered(task="CartPole-v1", venv_type=VectorEnvType.SUBPROC, make_kwargs={"sutton_barto_reward": True})
    assert one != EnvFactoryRegistered("CartPole-v1")
    assert pickle.loads(pickle.dumps(one)) == one
    assert hash(one) == hash(attrs.evolve(one))
    moved = attrs.evolve(one, task="Pendulum-v1")
    assert (moved.task, moved.venv_type, moved.make_kwargs) == ("Pendulum-v1", VectorEnvType.SUBPROC, {"sutton_barto_reward": True})


def test_further_arguments_reach_the_environment():
    env = EnvFactoryRegistered("CartPole-v1", max_episode_steps=7).create_env(EnvMode.TRAIN)
    assert env.spec.max_episode_steps == 7


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("CartPol-v1", 'Did you mean "CartPole-v1"?'),
        ("CartPole-v9", 'Did you mean "CartPole-v1"?'),
        ("Nowhere/Pong-v5", "Namespace Nowhere not found"),
        ("no_such_module:Pong-v5", "no module named 'no_such_module'"),
        ("not an id", "not an id"),
    ],
)
def test_an_unknown_id_is_refused_with_a_suggestion(task, message):
    with pytest.raises(UsageError, match="is no known environment") as refused:
        EnvFactoryRegistered(task).create_venv(1, EnvMode.TRAIN)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_id_may_name_the_module_that_registers_it(tmp_path, monkeypatch):
    (tmp_path / "registering.py").write_text(
        "import gymnasium\ngymnasium.register('Mine-v0', 'gymnasium.envs.classic_control:CartPoleEnv')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    venv = EnvFactoryRegistered("registering:Mine-v0", venv_type=VectorEnvType.SUBPROC).create_venv(1, EnvMode.TRAIN)
    assert venv.traits.task == "Mine-v0"
    venv.close()
    del gym.registry["Mine-v0"]


def test_a_missing_dependency_is_reported_with_what_to_install():
    def lacking():
        raise gym.error.DependencyNotInstalled('Wheels is not installed, run `pip install "gymnasium[wheels]"`')

    gym.register("Lacking-v0", lacking)
    with pytest.raises(UsageError, match=r"Lacking-v0 cannot be made: Wheels is not installed, run `pip install"):
        EnvFactoryRegistered("Lacking-v0").create_env(EnvMode.TRAIN)
    del gym.registry["Lacking-v0"]


def test_an_argument_that_the_environment_does_not_take_is_refused():
    with pytest.raises(UsageError, match="unexpected keyword argument 'nonsense'"):
        EnvFactoryRegistered("CartPole-v1", nonsense=1).create_env(EnvMode.TRAIN)


def test_human_rendering_is_only_asked_for_where_there_is_a_display(monkeypatch):
    asked = []
    monkeypatch.setattr("rlchassis.envs.registered.gym.make", lambda spec, **kwargs: asked.append(kwargs.get("render_mode")))
    monkeypatch.setattr("rlchassis.envs.registered.sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    factory = EnvFactoryRegistered("CartPole-v1", test_render_mode="rgb_array")
    factory.create_env(EnvMode.WATCH)
    monkeypatch.setenv("DISPLAY", ":0")
    for mode in (EnvMode.WATCH, EnvMode.TEST, EnvMode.TRAIN):
        factory.create_env(mode)
    assert asked == [None, "human", "rgb_array", None]


def test_each_way_to_run_environments_is_made():
    kinds = {
        VectorEnvType.DUMMY: (InProcessEnvironment, InProcessEnvironment),
        VectorEnvType.SUBPROC: (WorkerEnvironment, WorkerEnvironment),
        VectorEnvType.SUBPROC_SHARED_MEM: (WorkerEnvironment, WorkerEnvironment),
        VectorEnvType.NATIVE: (NativeEnvironment, InProcessEnvironment),
    }
    for venv_type, expected in kinds.items():
        envs = EnvFactoryRegistered("CartPole-v1", venv_type=venv_type).create_envs(2, 1, create_watch_env=True)
        assert (type(envs.train), type(envs.test)) == expected
        assert isinstance(envs.watch, InProcessEnvironment)
        assert (envs.train.num_envs, envs.test.num_envs, envs.watch.num_envs) == (2, 1, 1)
        assert (envs.task, envs.reward_threshold) == ("CartPole-v1", 475.0)
        envs.close()
        envs.close()


def test_a_kind_that_is_not_wanted_is_left_out():
    envs = EnvFactoryRegistered("CartPole-v1").create_envs(0, 1)
    assert envs.train is None
    assert envs.watch is None
    with pytest.raises(UsageError, match="at least one"):
        EnvFactoryRegistered("CartPole-v1").create_envs(0, 0)


@pytest.mark.parametrize("num_envs", [0, -1])
def test_less_than_one_environment_is_refused(num_envs):
    with pytest.raises(UsageError, match="at least one environment"):
        EnvFactoryRegistered("CartPole-v1").create_venv(num_envs, EnvMode.TRAIN)


def test_an_environment_without_a_vectorised_form_cannot_be_native():
    with pytest.raises(UsageError, match=r"Pendulum-v1 has no vectorised form of its own; use VectorEnvType\.DUMMY"):
        EnvFactoryRegistered("Pendulum-v1", venv_type=VectorEnvType.NATIVE).create_venv(2, EnvMode.TRAIN)


def test_members_of_a_native_environment_cannot_be_wrapped():
    with pytest.raises(UsageError, match="wrapped"):
        EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.NATIVE).create_envs(2, 1, wrappers=lambda mode: (gym.Wrapper,))


def test_wrappers_are_put_around_in_order_and_by_mode():
    class Add(gym.RewardWrapper):
        def reward(self, reward):
            return reward + 1

    class Double(gym.RewardWrapper):
        def reward(self, reward):
            return reward * 2

    envs = EnvFactoryRegistered("CartPole-v1").create_envs(1, 1, wrappers=lambda mode: (Add, Double) if mode is EnvMode.TRAIN else ())
    rewards = []
    for venv in (envs.train, envs.test):
        venv.reset([0])
        rewards.append(venv.step(np.zeros(1, np.int64))[0].rewards[0])
    assert rewards == [4.0, 1.0]


def test_a_callable_may_take_the_mode():
    assert (
        EnvFactoryCallable(lambda mode: cartpole(max_episode_steps=5 if mode is EnvMode.TEST else 9))
        .create_env(EnvMode.TEST)
        .spec.max_episode_steps
        == 5
    )
    assert EnvFactoryCallable(lambda: cartpole(max_episode_steps=8)).create_env(EnvMode.TEST).spec.max_episode_steps == 8
    assert EnvFactoryCallable(gym.envs.classic_control.CartPoleEnv).create_env(EnvMode.TEST)._sutton_barto_reward is False


def test_a_callable_that_makes_no_environment_is_refused():
    with pytest.raises(UsageError, match="made a int, but must make"):
        EnvFactoryCallable(lambda: 3).create_env(EnvMode.TRAIN)


def test_a_users_vectorised_environment_is_not_closed():
    vector_env = SyncVectorEnv([cartpole])
    factory = env_factory_from(vector_env)
    factory.create_venv(1, EnvMode.TRAIN).close()
    assert not vector_env.closed
    factory.create_venv(1, EnvMode.TRAIN).reset([1])


def test_factories_are_made_from_what_a_user_has():
    factory = EnvFactoryRegistered("CartPole-v1")
    assert env_factory_from(factory) is factory
    assert env_factory_from("CartPole-v1") == factory
    assert env_factory_from(cartpole) == EnvFactoryCallable(cartpole)
    assert isinstance(env_factory_from(SyncVectorEnv([cartpole])), EnvFactoryVector)
    for wrong in (3, None, ["CartPole-v1"]):
        with pytest.raises(UsageError, match="environments cannot be made from"):
            env_factory_from(wrong)
    with pytest.raises(UsageError, match="give a callable"):
        env_factory_from(cartpole())


class Watched(gym.Env):
    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)
    opened: ClassVar[list[Watched]] = []

    def __init__(self) -> None:
        self.is_open = True
        Watched.opened.append(self)

    def close(self):
        self.is_open = False


class WatchedFactory(EnvFactory):
    def create_env(self, mode):
        if mode is EnvMode.TEST:
            raise RuntimeError("no test track")
        return Watched()


def test_when_a_kind_cannot_be_made_those_made_are_closed():
    with pytest.raises(Exception, match="no test track"):
        WatchedFactory().create_envs(2, 1)
    assert len(Watched.opened) == 2
    assert not any(env.is_open for env in Watched.opened)


def test_train_and_test_spaces_must_be_equal():
    factory = EnvFactoryCallable(lambda mode: gym.make("CartPole-v1" if mode is EnvMode.TRAIN else "Acrobot-v1"))
    with pytest.raises(UsageError, match="environments of a run must have equal spaces, but observation_space"):
        factory.create_envs(1, 1)


def test_environments_can_be_spaces_alone():
    envs = Environments.from_spaces(gym.spaces.Box(-1, 1, (2,)), gym.spaces.Discrete(2))
    assert (envs.train, envs.test, envs.watch, envs.task, envs.reward_threshold) == (None,) * 5
    envs.close()
    with pytest.raises(UnsupportedSpaceError):
        Environments.from_spaces(gym.spaces.Text(3), gym.spaces.Discrete(2))
