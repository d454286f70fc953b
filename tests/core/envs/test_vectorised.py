"""Vectorised environments that users hand over: tests are played in the task that is trained, or refused."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.spaces import Box
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers import TimeLimit, TransformObservation, TransformReward
from gymnasium.wrappers import vector as of_vectors

from rlchassis.envs import EnvFactoryVector, EnvMode, env_factory_from
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import UsageError
from rlchassis_testkit.replay_runs import world_of
from rlchassis_testkit.tiny_envs import Counter


@pytest.fixture(autouse=True)
def registered():
    gym.register("Counter-v0", Counter, kwargs={"length": 9})
    yield
    del gym.registry["Counter-v0"]


def cut_and_paid_tenfold(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    return TimeLimit(TransformReward(env, lambda reward: 10 * reward), 2)


def negated(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    return TransformObservation(env, lambda obs: -obs, env.observation_space)


def made_vec(mode: str = "sync", wrappers: Any = (cut_and_paid_tenfold, negated), **kwargs: Any) -> VectorEnv[Any, Any, Any]:
    return gym.make_vec("Counter-v0", num_envs=2, vectorization_mode=mode, wrappers=wrappers, **kwargs)


def first_episode(venv: Any) -> list[tuple[float, float, bool]]:
    """What its first environment shows, pays, and whether it cuts, step by step."""
    venv.reset(list(range(venv.num_envs)))
    rows = []
    for _ in range(3):
        step, _ = venv.step(np.zeros(venv.num_envs, np.int64))
        rows.append((abs(float(step.next_obs[0, 0])) % 100, float(step.rewards[0]), bool(step.truncated[0])))
    return rows


def with_spent_functions(vector_env: VectorEnv[Any, Any, Any]) -> VectorEnv[Any, Any, Any]:
    """As gymnasium.make_vec gave them before its release 1.2: by a generator."""
    vector_env.env_fns = iter(())
    return vector_env


WAYS = {
    "make_vec in this process": made_vec,
    "make_vec in processes": lambda: made_vec("async"),
    "functions": lambda: SyncVectorEnv([lambda: negated(cut_and_paid_tenfold(Counter(9)))] * 2),
    "functions in processes": lambda: AsyncVectorEnv([lambda: negated(cut_and_paid_tenfold(Counter(9)))] * 2),
    "make_vec by a generator": lambda: with_spent_functions(made_vec()),
    "statistics around": lambda: of_vectors.RecordEpisodeStatistics(made_vec()),
    "lists of infos around statistics": lambda: of_vectors.DictInfoToList(of_vectors.RecordEpisodeStatistics(made_vec())),
}


@pytest.mark.parametrize("way", WAYS)
def test_tests_are_played_with_all_wrappers_of_the_task_that_is_trained(way):
    vector_env = WAYS[way]()
    envs = env_factory_from(vector_env).create_envs(2, 3, create_watch_env=True)
    for venv in (envs.test, envs.watch):
        assert isinstance(venv, InProcessEnvironment)
        assert float(venv.reset()[0, 0]) < 0
        assert first_episode(venv)[:2] == [(1, 10, False), (2, 20, True)]
    assert (envs.test.num_envs, envs.watch.num_envs) == (3, 1)
    vector_env.close()


def test_a_registered_vectorised_form_is_tested_in_its_single_form():
    vector_env = gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="vector_entry_point", max_episode_steps=7)
    factory = env_factory_from(vector_env)
    assert factory.fixed_num_train_envs == 3
    envs = factory.create_envs(3, 2, create_watch_env=True)
    assert isinstance(envs.train, NativeEnvironment)
    assert envs.test.envs[0].spec.max_episode_steps == 7
    with pytest.raises(UsageError, match="has 3 environments, but 4 were asked for; set num_train_envs=3"):
        factory.create_envs(4, 1)


def test_a_single_form_of_other_spaces_is_refused():
    class Pixels(CartPoleVectorEnv):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.single_observation_space = Box(0, 255, (4, 84, 84), np.uint8)

    gym.register("Pixels-v0", "gymnasium.envs.classic_control:CartPoleEnv", vector_entry_point=Pixels)
    factory = env_factory_from(gym.make_vec("Pixels-v0", 2, vectorization_mode="vector_entry_point"))
    del gym.registry["Pixels-v0"]
    with pytest.raises(UsageError, match=r"the single form of Pixels-v0 has other spaces; set num_test_envs=0 and watch=False"):
        factory.create_envs(2, 1)


class Own(VectorEnv[Any, Any, Any]):
    metadata: Any = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012  as gymnasium has it
    num_envs = 2
    single_observation_space, single_action_space = Counter().observation_space, Counter().action_space
    spec = gym.spec("CartPole-v1")


REFUSED = {
    "SyncVectorEnv": lambda: with_spent_functions(SyncVectorEnv([lambda: Counter(9)] * 2)),
    "TransformObservation": lambda: of_vectors.TransformObservation(made_vec(), lambda obs: obs),
    "NormalizeObservation": lambda: of_vectors.NormalizeObservation(made_vec()),
    "TransformReward": lambda: of_vectors.TransformReward(of_vectors.RecordEpisodeStatistics(made_vec()), lambda reward: reward),
    "ClipReward": lambda: of_vectors.RecordEpisodeStatistics(of_vectors.ClipReward(made_vec(), -1, 1)),
    "Own": Own,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_task_that_cannot_be_made_in_single_environments_is_neither_tested_nor_watched_in_another(name):
    factory = env_factory_from(REFUSED[name]())
    message = (
        rf"{name} (cannot be put around|does not say how) a single one.*num_test_envs=0 and watch=False.*test_vector_env=….*a callable"
    )
    for test, watch in ((1, False), (0, True)):
        with pytest.raises(UsageError, match=message):
            factory.create_envs(2, test, create_watch_env=watch)
    assert factory.create_envs(2, 0).test is None


def test_a_second_vectorised_environment_is_for_tests_and_watching():
    factory = EnvFactoryVector(of_vectors.ClipReward(made_vec(), -1, 1), test_vector_env=of_vectors.ClipReward(made_vec(), 0, 5))
    assert (factory.fixed_num_train_envs, factory.fixed_num_test_envs) == (2, 2)
    envs = factory.create_envs(2, 2, create_watch_env=True)
    assert [type(venv) for venv in (envs.train, envs.test, envs.watch)] == [NativeEnvironment] * 3
    assert [first_episode(venv)[0] for venv in (envs.train, envs.test, envs.watch)] == [(1, 1, False), (1, 5, False), (1, 5, False)]
    with pytest.raises(UsageError, match="has 2 environments, but 3 were asked for; set num_test_envs=2"):
        factory.create_venv(3, EnvMode.TEST)
    with pytest.raises(UsageError, match="cannot be wrapped one by one"):
        factory.create_venv(2, EnvMode.TEST, [negated])


def test_a_run_tests_in_as_many_environments_as_the_second_vectorised_one_has():
    world = world_of(EnvFactoryVector(made_vec(), made_vec()), num_train_envs=-1, num_test_envs=1)
    assert (world.envs.train.num_envs, world.envs.test.num_envs, world.sampling.num_test_envs) == (2, 2, 2)
    world.close()
    assert world_of(EnvFactoryVector(made_vec(), made_vec()), num_train_envs=-1).envs.test is None


def test_the_environment_that_trains_is_not_tested_in():
    vector_env = made_vec()
    with pytest.raises(UsageError, match="test_vector_env is the environment that trains; make a second one"):
        EnvFactoryVector(vector_env, test_vector_env=of_vectors.RecordEpisodeStatistics(vector_env))
    env = Counter()
    with pytest.raises(UsageError, match="gives the environment that trains once more"):
        env_factory_from(SyncVectorEnv([lambda: env])).create_envs(1, 1)


def test_of_functions_that_differ_the_first_ones_make_the_test_environments():
    vector_env = SyncVectorEnv([lambda: Counter(3), lambda: Counter(4)])
    tested = env_factory_from(vector_env).create_envs(2, 3).test.envs
    assert [env.length for env in tested] == [3, 4, 3]


@pytest.mark.parametrize("wrong", [3, Counter(), [made_vec]])
def test_an_environment_that_is_not_vectorised_is_refused(wrong):
    with pytest.raises(UsageError, match=r"expected a gymnasium.vector.VectorEnv, got"):
        EnvFactoryVector(wrong)


def test_a_spec_of_another_library_need_not_say_an_id():
    vector_env = made_vec()
    vector_env.spec = ("CounterEnvSpec",)
    assert env_factory_from(vector_env).create_envs(2, 0).task is None
