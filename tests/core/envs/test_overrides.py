"""There is one way in which a factory makes environments, whichever of its methods a subclass overrides; and each is another object."""

from __future__ import annotations

import sys

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.envs import EnvFactoryCallable, EnvFactoryRegistered, EnvFactoryVector, EnvMode, VectorEnvType
from rlchassis.envs.factory import environments_of
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import UsageError
from rlchassis.run.watching import rendering_images

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def twice_the_reward(mode=EnvMode.TRAIN):
    return gym.wrappers.TransformReward(gym.make("CartPole-v1"), lambda reward: 2 * reward)


def none(_mode):
    return ()


def one_more(_mode):
    return (lambda env: gym.wrappers.TransformReward(env, lambda reward: reward + 1),)


def first_reward(venv):
    venv.reset(range(venv.num_envs))
    reward = venv.step(np.zeros(venv.num_envs, np.int64))[0].rewards[0]
    venv.close()
    return reward


class OwnEnv(EnvFactoryRegistered):
    def create_env(self, mode):
        return twice_the_reward(mode)


class OwnVenv(EnvFactoryRegistered):
    def create_venv(self, num_envs, mode):
        return InProcessEnvironment.open([twice_the_reward] * num_envs)


class OwnEnvs(EnvFactoryRegistered):
    def create_envs(self, num_train_envs, num_test_envs, create_watch_env=False):
        return OwnVenv(self.task).create_envs(num_train_envs, num_test_envs, create_watch_env)


class FurtherEnvs(EnvFactoryRegistered):
    def create_env(self, mode):
        return gym.wrappers.TransformReward(super().create_env(mode), lambda reward: 2 * reward)

    def create_venv(self, num_envs, mode, **more):
        return super().create_venv(num_envs, mode, **more)

    def create_envs(self, *args, **kwargs):
        return super().create_envs(*args, **kwargs)


@pytest.mark.parametrize("factory", [OwnEnv, OwnVenv, OwnEnvs, FurtherEnvs])
def test_methods_that_a_subclass_overrides_are_used_for_training_testing_and_watching(factory):
    envs = environments_of(factory("CartPole-v1"), 2, 1, True, none)
    assert [first_reward(venv) for venv in (envs.train, envs.test, envs.watch)] == [2.0, 2.0, 2.0]


def test_methods_that_a_subclass_overrides_are_used_in_workers():
    assert first_reward(FurtherEnvs("CartPole-v1", venv_type=VectorEnvType.SUBPROC).create_venv(1, EnvMode.TRAIN)) == 2.0


def test_a_factory_with_its_own_way_needs_no_registered_task():
    assert first_reward(OwnEnv("my own").create_venv(1, EnvMode.TRAIN)) == 2.0


@pytest.mark.parametrize("factory", [OwnEnv, FurtherEnvs])
def test_wrappers_of_extensions_go_around_what_a_subclass_makes(factory):
    assert first_reward(environments_of(factory("CartPole-v1"), 1, 0, False, one_more).train) == 3.0


@pytest.mark.parametrize(("factory", "method"), [(OwnVenv, "OwnVenv.create_venv"), (OwnEnvs, "OwnEnvs.create_envs")])
def test_wrappers_that_an_overridden_method_does_not_take_are_refused(factory, method):
    with pytest.raises(UsageError, match=rf"^{method}\(\) takes no wrappers, but an extension wants to wrap the environments; add"):
        environments_of(factory("CartPole-v1"), 1, 1, False, one_more)


def test_an_overridden_method_must_return_environments_of_this_library():
    class Gymnasiums(EnvFactoryRegistered):
        def create_venv(self, num_envs, mode):
            return SyncVectorEnv([twice_the_reward] * num_envs)

    class Nothing(EnvFactoryRegistered):
        def create_envs(self, num_train_envs, num_test_envs, create_watch_env=False):
            return None

    with pytest.raises(UsageError, match=r"create_venv\(\) must return VectorEnvironment, not an object of type SyncVectorEnv"):
        environments_of(Gymnasiums("CartPole-v1"), 1, 0, False, none)
    with pytest.raises(UsageError, match=r"create_envs\(\) must return Environments, not an object of type NoneType"):
        environments_of(Nothing("CartPole-v1"), 1, 0, False, none)


def test_a_vectorised_form_that_would_ignore_an_overridden_create_env_is_refused():
    with pytest.raises(UsageError, match=r"does not use OwnEnv\.create_env; use VectorEnvType\.DUMMY, or override create_native as well"):
        OwnEnv("CartPole-v1", venv_type=VectorEnvType.NATIVE).create_venv(2, EnvMode.TRAIN)


def test_a_subclass_of_a_vectorised_factory_may_make_test_environments_in_its_own_way():
    class Own(EnvFactoryVector):
        def create_env(self, mode):
            return twice_the_reward()

    members = [lambda: gym.make("CartPole-v1")] * 2
    factory = Own(SyncVectorEnv(members, autoreset_mode=AutoresetMode.SAME_STEP))
    assert first_reward(factory.create_venv(1, EnvMode.TEST)) == 2.0


def test_a_video_is_made_of_a_factory_with_a_constructor_of_its_own():
    class Own(EnvFactoryRegistered):
        def __init__(self):
            super().__init__("CartPole-v1")

    factory = Own()
    assert rendering_images(factory).create_env(EnvMode.WATCH).render_mode == "rgb_array"
    assert factory.watch_render_mode == "human"


@pytest.mark.parametrize("numbers", [(2, 0, False), (1, 1, False), (1, 0, True), (0, 1, True)])
@pytest.mark.parametrize("wrap", [lambda env: env, gym.Wrapper])
def test_one_object_for_several_environments_is_refused(numbers, wrap):
    one = gym.make("CartPole-v1")
    message = r"^the same CartPoleEnv object was handed out several times, .*: lambda: CartPoleEnv\(…\), not lambda: env$"
    with pytest.raises(UsageError, match=message):
        EnvFactoryCallable(lambda: wrap(one)).create_envs(*numbers)
    EnvFactoryCallable(lambda: one).create_envs(1, 0).close()


def test_a_vectorised_environment_around_one_object_is_refused():
    one = gym.make("CartPole-v1")
    with pytest.raises(UsageError, match="the same CartPoleEnv object"):
        EnvFactoryVector(SyncVectorEnv([lambda: one] * 2, autoreset_mode=AutoresetMode.SAME_STEP)).create_venv(2, EnvMode.TRAIN)
