"""A recipe becomes plain data and comes back equal; what data cannot hold is said and refused."""

from __future__ import annotations

import copy
import json
import math
import pickle

import attrs
import gymnasium as gym
import numpy as np
import pytest
import torch

from rlchassis.errors import StoredFileError
from rlchassis.experiment import (
    EnvFactory,
    EnvFactoryRegistered,
    EpochStopCallback,
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    EpochTrainCallback,
    Experiment,
    LoggerFactoryDefault,
    Mode,
    PPOExperimentBuilder,
    VectorEnvType,
)
from rlchassis.learning.optimizer import LRSchedulerFactoryLinear
from rlchassis.registry import Component
from rlchassis.storage.spec.contents import used_plugins
from rlchassis.storage.spec.decoding import from_data
from rlchassis.storage.spec.encoding import to_data
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_ppo import PPOParams
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling, write_distribution

EXTENSION = """
from rlchassis.api import hookimpl

class Extension:
    def __init__(self, sizes=(), rate=0.0):
        self.sizes, self.rate = sizes, rate

    @hookimpl
    def rlchassis_train_start(self, world):
        pass
"""


@attrs.frozen
class StopAt(EpochStopCallback):
    at: tuple[float, ...] = (1.0,)

    def should_stop(self, mean_rewards, context):
        return mean_rewards in self.at


class PlainCallback(EpochTrainCallback):
    """No attrs class: what it was made with stands in attributes of the same names."""

    def __init__(self, sizes, label="x"):
        self.sizes, self.label = sizes, label

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None

    def callback(self, epoch, env_step, context):
        pass


@attrs.frozen
class OwnEnvs(EnvFactory):
    length: int = 3

    def create_env(self, mode):
        return gym.make("CartPole-v1", max_episode_steps=self.length)


def make_env():
    return gym.make("CartPole-v1")


def everything(base):
    """A configuration that every method of the builder has changed."""
    return (
        PPOExperimentBuilder(
            EnvFactoryRegistered(
                "CartPole-v1", venv_type=VectorEnvType.SUBPROC, max_episode_steps=30, kwargs={"sizes": (1, 2), "part": [3]}
            ),
            tiny_config(base, seed=3, device=torch.device("cpu"), policy_persistence_mode=Mode.POLICY_STATE_DICT, watch_render=5),
            tiny_sampling(num_train_envs=1),
        )
        .with_name("all/of-it")
        .with_ppo_params(PPOParams(lr=np.float64(1e-3), lr_scheduler_factory=LRSchedulerFactoryLinear(tiny_sampling()), dual_clip=3))
        .with_optim_factory_default(betas=(0.8, 0.9), eps=1e-6, weight_decay=0.01)
        .with_actor_factory_default([8, 8], torch.nn.SiLU)
        .with_critic_factory_default([16], torch.nn.ELU)
        .with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm(clip=5.0))
        .with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm(clip=3.0))
        .with_logger_factory(LoggerFactoryDefault())
        .with_logger_factory(Component("logger", "tensorboard"))
        .with_epoch_stop_callback(EpochStopCallbackRewardThreshold(195))
        .with_epoch_stop_callback(EpochStopCallbackNoImprovement(patience=3))
        .with_epoch_train_callback(PlainCallback([(1, 2), [3]]))
        .with_epoch_stop_callback(StopAt((math.inf,)))
        .with_extension("acme.watch", sizes=[1, [2, 3]], rate=float("inf"))
        .build()
    )


ALLOW = [PlainCallback, StopAt, OwnEnvs, make_env]


@pytest.fixture
def full(tmp_path, install):
    install(lambda folder: write_distribution(folder, "acme-watch", EXTENSION, extension="acme.watch = Extension"))
    return everything(tmp_path / "log")


def test_a_configuration_loaded_from_a_directory_equals_that_of_the_builder(full, tmp_path):
    full.save(tmp_path / "stored")
    restored = Experiment.from_directory(tmp_path / "stored", restore_policy=False, allow=ALLOW)
    assert restored == full
    assert restored.env_factory.make_kwargs["kwargs"] == {"sizes": (1, 2), "part": [3]}
    assert restored.extensions[0].options == {"sizes": (1, (2, 3)), "rate": math.inf}


def test_the_pickle_alone_is_enough(full, tmp_path):
    full.save(tmp_path / "stored")
    (tmp_path / "stored" / "experiment.json").unlink()
    assert Experiment.from_directory(tmp_path / "stored", restore_policy=False, allow=ALLOW) == full


def test_the_pickle_is_an_ordinary_pickle_of_the_experiment(tmp_path):
    experiment = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling()).build()
    experiment.save(tmp_path)
    assert pickle.loads((tmp_path / "experiment.pkl").read_bytes()) == experiment


def test_an_experiment_is_pickled_copied_and_compared_like_any_value(full, tmp_path):
    for twin in (pickle.loads(pickle.dumps(full)), copy.copy(full), copy.deepcopy(full), everything(tmp_path / "log")):
        assert twin == full
    assert full.with_config(seed=4) != full
    assert full.with_config(seed=4).with_config(seed=3) == full


def test_a_stored_recipe_names_no_import_path_but_those_of_users(full, tmp_path):
    full.save(tmp_path)
    text = (tmp_path / "experiment.json").read_text("utf-8")
    assert "rlchassis_ppo" not in text
    assert "rlchassis." not in text


def test_restoring_sets_the_policy_directory_unless_another_is_given(tmp_path):
    experiment = PPOExperimentBuilder("CartPole-v1").build()
    experiment.save(tmp_path)
    assert Experiment.from_directory(tmp_path).config.policy_restore_directory == str(tmp_path)
    assert Experiment.from_directory(tmp_path, False) == experiment


def test_each_used_plugin_is_listed_once(full):
    assert used_plugins(full.to_data()) == [
        ("env", "registered"),
        ("algorithm", "ppo"),
        ("optimizer", "adam"),
        ("policy_wrapper", "obs-norm"),
        ("component", "mlp-actor"),
        ("component", "mlp-critic"),
        ("lr_scheduler", "linear"),
        ("logger", "several"),
        ("logger", "default"),
        ("logger", "tensorboard"),
        ("component", "stop-at-threshold"),
        ("component", "stop-without-improvement"),
        ("extension", "acme.watch"),
    ]


@pytest.mark.parametrize("env", [OwnEnvs(7), make_env], ids=["class", "function"])
def test_users_own_code_is_handed_over_and_the_printed_line_says_how(env, tmp_path):
    experiment = PPOExperimentBuilder(env).with_epoch_stop_callback(StopAt()).build()
    experiment.save(tmp_path)
    with pytest.raises(StoredFileError, match="pass it in allow") as caught:
        Experiment.from_directory(tmp_path)
    line = str(caught.value).partition("pass it in allow: ")[2]
    restored = eval(line, {"Experiment": Experiment, "OwnEnvs": OwnEnvs, "make_env": make_env, "StopAt": StopAt})
    assert restored.with_config(policy_restore_directory=None) == experiment


def test_a_namesake_of_users_code_does_not_stand_in_for_it(tmp_path):
    PPOExperimentBuilder(OwnEnvs()).build().save(tmp_path)
    namesake = type("OwnEnvs", (EnvFactory,), {"__module__": "elsewhere"})
    with pytest.raises(StoredFileError, match="pass it in allow"):
        Experiment.from_directory(tmp_path, allow=[namesake])


@pytest.mark.parametrize(
    "argument",
    [
        (84, 84),
        [1, (2,)],
        {"object": "cube"},
        {"a": {"tuple": [1]}},
        math.inf,
        -math.inf,
        make_env,
        torch.nn.ReLU,
        OwnEnvs(2),
        None,
        {"mapping": {}},
    ],
    ids=str,
)
def test_arguments_of_an_environment_come_back_as_they_were(argument):
    factory = EnvFactoryRegistered("CartPole-v1", argument=argument)
    data = json.loads(json.dumps(to_data(factory), allow_nan=False))
    assert from_data(data, EnvFactory, ALLOW) == factory
