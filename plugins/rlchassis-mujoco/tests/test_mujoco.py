"""MuJoCo tasks by name, with a recipe of each algorithm for all of them; what needs MuJoCo itself is skipped without it."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from rlchassis.api import EnvMode, PluginError, UsageError, VectorEnvType
from rlchassis.experiment import plan
from rlchassis_mujoco import TASKS, EnvFactoryMujoco


@pytest.mark.parametrize("algorithm", ["ppo", "sac", "td3"])
def test_every_task_has_a_recipe(algorithm):
    for task in TASKS:
        try:
            experiment = plan(algorithm, f"mujoco/{task}")
        except PluginError:
            pytest.skip(f"rlchassis-{algorithm} is not installed")
        assert experiment.env_factory == EnvFactoryMujoco(task)
        assert experiment.sampling_config.total_steps >= 1_000_000


def test_discounting_of_the_swimmer_sees_its_whole_episode():
    try:
        assert plan("ppo", "mujoco/Swimmer").agent_factory.params.gamma == 0.9999
    except PluginError:
        pytest.skip("rlchassis-ppo is not installed")


def test_a_task_is_named_with_or_without_its_version_and_takes_what_gymnasium_takes():
    factory = EnvFactoryMujoco("Ant", venv_type="subproc", healthy_reward=2.0)
    assert factory == EnvFactoryMujoco("Ant-v5", venv_type=VectorEnvType.SUBPROC, make_kwargs={"healthy_reward": 2.0})
    assert attrs.evolve(factory, make_kwargs={}).task == "Ant-v5"


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("HalfCheeta", """there is no MuJoCo task 'HalfCheeta'. Did you mean "HalfCheetah-v5"?"""),
        ("Quadruped", "there is no MuJoCo task 'Quadruped'. There are: Ant-v5, "),
    ],
)
def test_an_unknown_task_is_refused(task, said):
    with pytest.raises(UsageError) as refusal:
        EnvFactoryMujoco(task)
    assert str(refusal.value).startswith(said)


def test_a_task_is_stepped():
    pytest.importorskip("mujoco")
    venv = EnvFactoryMujoco("InvertedPendulum").create_venv(2, EnvMode.TRAIN)
    venv.reset([1, 2])
    assert venv.step(np.zeros((2, 1), np.float32))[0].rewards.tolist() == [1.0, 1.0]
    venv.close()
