"""Environments of envpool train, test and are watched, with the seeds of the run; what it cannot make is refused in a sentence."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from rlchassis.api import EnvMode, UsageError, VectorEnvType
from rlchassis.experiment import EnvFactoryVector, load_policy, plan
from rlchassis_envpool import EnvFactoryEnvPool
from rlchassis_testkit.recording_algorithm import RecordingAgentFactory, RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling

envpool = pytest.importorskip("envpool")
pytestmark = pytest.mark.filterwarnings("ignore:.*precision lowered by casting:UserWarning")


def opened(task="CartPole-v1", num_envs=3, mode=EnvMode.TRAIN, **options):
    return EnvFactoryEnvPool(task, **options).create_venv(num_envs, mode)


def played(venv, steps=30, seeds=(5, 6, 7)):
    """Observations, and which rows are transitions, of playing the first action."""
    rows, actions = [venv.reset(list(seeds)).copy()], np.zeros(venv.num_envs, np.int64)
    valid = []
    for _ in range(steps):
        step, obs = venv.step(actions)
        rows.append(obs.copy())
        valid.append(np.ones(venv.num_envs, bool) if step.valid is None else step.valid.copy())
    return np.array(rows), np.array(valid)


def test_environments_are_reproduced_by_their_seeds_in_one_pool_and_in_another():
    venv = opened()
    first, valid = played(venv)
    again, _ = played(venv)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[:8], played(opened(), steps=7)[0])
    others, _ = played(venv, seeds=(5, 7, 6))
    np.testing.assert_array_equal(first[0][[0, 2, 1]], others[0])
    assert not valid.all(), "the step in which a pool resets an episode is no transition"
    venv.close()
    venv.close()


def test_an_environment_by_itself_plays_as_it_does_in_a_pool():
    together, _ = played(opened(num_envs=2), steps=5, seeds=(5, 6))
    alone = opened(num_envs=2, venv_type=VectorEnvType.DUMMY)
    np.testing.assert_allclose(together, played(alone, steps=5, seeds=(5, 6))[0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "CartPol-v1"}, """envpool has no task 'CartPol-v1'. Did you mean "CartPole-v1"?"""),
        ({"make_kwargs": {"gravity": 3}}, "envpool/CartPole-v1 does not take gravity=3. It takes: "),
        ({"make_kwargs": {"num_threads": "many"}}, "envpool/CartPole-v1 does not take num_threads='many'."),
        ({"make_kwargs": {"seed": 3}}, "envpool's seed follows from the settings of the run, such as sampling.num_train_envs and "),
    ],
)
def test_what_envpool_does_not_have_is_refused_before_an_environment_is_made(options, said):
    with pytest.raises(UsageError) as refusal:
        opened(**options)
    assert str(refusal.value).startswith(said)


def test_a_run_is_tested_watched_and_loaded_and_the_same_again(tmp_path):
    sampling = tiny_sampling(num_train_envs=3, num_test_envs=2, max_test_episode_steps=20)
    returns = []
    for name in ("one", "two"):
        result = RecordingExperimentBuilder("envpool/CartPole-v1", tiny_config(tmp_path, seed=3), sampling).build().run(name)
        returns.append([row["test/return"] for row in rows_of(tmp_path / name) if "test/return" in row])
    assert result.world.envs.task == "envpool/CartPole-v1"
    assert returns[0] == returns[1] != []
    assert load_policy(tmp_path / "one", allow=[RecordingAgentFactory])(np.zeros(4, np.float32)) in (0, 1)


def test_options_of_envpool_are_settings_of_the_environment():
    factory = plan("ppo", "envpool/CartPole-v1", steps=8, settings={"env": {"max_episode_steps": 9, "venv_type": "dummy"}}).env_factory
    assert factory == EnvFactoryEnvPool("CartPole-v1", VectorEnvType.DUMMY, make_kwargs={"max_episode_steps": 9})
    env = factory.create_env(EnvMode.TEST)
    env.reset(seed=1)
    assert [env.step(step % 2)[3] for step in range(9)] == [False] * 8 + [True]


def test_a_watched_environment_renders_images():
    env = EnvFactoryEnvPool("CartPole-v1", watch_render_mode="rgb_array").create_env(EnvMode.WATCH)
    env.reset(seed=1)
    assert env.render().shape == (400, 600, 3)


def test_pools_that_were_made_elsewhere_train_and_test():
    make = partial(envpool.make, "CartPole-v1", env_type="gymnasium", num_envs=2, seed=3)
    envs = EnvFactoryVector(make(), make()).create_envs(2, 2)
    for venv in (envs.train, envs.test):
        venv.reset()
        assert venv.step(np.zeros(2, np.int64))[0].rewards.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "Pendulum-v1"])
def test_tasks_with_continuous_actions_are_stepped(task):
    venv = opened(task, num_envs=2)
    venv.reset([1, 2])
    step, _ = venv.step(np.zeros((2, *venv.action_space.shape), np.float32))
    assert np.isfinite(step.rewards).all()
