"""A recipe becomes plain data and comes back equal; what data cannot hold is said and refused."""

from __future__ import annotations

import copy
import json
import logging
import math
import pickle
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path, PurePath
from typing import TypeVar

import attrs
import gymnasium as gym
import numpy as np
import pytest
import torch

from rlchassis import load_policy
from rlchassis.api import LoggerFactory
from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import StoredFileError, UsageError
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
from rlchassis.storage.spec.contents import foreign_names, unstorable_names, used_plugins
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


def test_a_lambda_causes_one_warning_and_stops_no_run(tmp_path, caplog):
    builder = PPOExperimentBuilder(lambda: gym.make("CartPole-v1"), tiny_config(tmp_path), tiny_sampling())
    with caplog.at_level(logging.WARNING, "rlchassis"):
        result = builder.build().run("run")
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "<lambda> cannot be stored" in warning
    assert result.trainer_result.env_steps == 64
    with pytest.raises(StoredFileError, match="<lambda>, which cannot be stored in a file; build this experiment in code again"):
        Experiment.from_directory(result.world.directory)


def test_a_vectorised_environment_of_ones_own_causes_one_warning_and_stops_no_run(tmp_path, caplog):
    builder = PPOExperimentBuilder(gym.make_vec("CartPole-v1", 2, vectorization_mode="sync"), tiny_config(tmp_path), tiny_sampling())
    with caplog.at_level(logging.WARNING, "rlchassis"):
        directory = builder.build().run("run").world.directory
    assert sum("SyncVectorEnv cannot be stored" in record.getMessage() for record in caplog.records) == 1
    assert load_policy(directory)([0.0] * 4) in (0, 1)
    with pytest.raises(StoredFileError, match="SyncVectorEnv, which cannot be stored in a file; build this experiment in code again"):
        Experiment.from_directory(directory)


def test_require_restorable_refuses_a_lambda_before_anything_is_made(tmp_path):
    builder = PPOExperimentBuilder(lambda: gym.make("CartPole-v1"), tiny_config(tmp_path), tiny_sampling())
    with pytest.raises(UsageError, match="<lambda> cannot be stored"):
        builder.build().run("run", require_restorable=True)
    assert list(tmp_path.iterdir()) == []


def test_unstorable_arguments_of_an_environment_are_not_passed_to_it_as_data(tmp_path):
    for hidden in (lambda: 1, object(), {1: 2}):
        experiment = PPOExperimentBuilder(EnvFactoryRegistered("CartPole-v1", reward=hidden)).build()
        assert len(unstorable_names(experiment.to_data())) == 1
        experiment.save(tmp_path)
        with pytest.raises(StoredFileError, match="cannot be stored in a file"):
            Experiment.from_directory(tmp_path)


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


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), np.bool_(True), Mode.POLICY, np.float64(2.0)], ids=repr)
def test_data_holds_nothing_but_what_json_knows(value):
    assert type(to_data(value)) in (bool, int, float, str)


def test_every_recipe_part_of_the_house_is_registered():
    import rlchassis.experiment  # noqa: F401  it registers every recipe part
    from rlchassis.config.config_part import ConfigPart
    from rlchassis.registry import name_of

    def below(cls):
        return {cls}.union(*map(below, cls.__subclasses__()))

    ours = [cls for cls in below(ConfigPart) if cls.__module__.startswith("rlchassis") and not getattr(cls, "__abstractmethods__", None)]
    handed_on = {"OptimizerWhenNeeded"}  # made for wrappers while a policy is built; no recipe holds it
    named = [cls for cls in ours if "testkit" not in cls.__module__ and cls is not ConfigPart and cls.__name__ not in handed_on]
    assert [cls.__name__ for cls in named if name_of(cls) is None] == []
    assert len(named) > 10


@attrs.frozen
class HalfTyped(LoggerFactory):
    size: OnlyForTypeCheckers = (1, 2)  # noqa: F821  that it does not exist is the point

    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        raise NotImplementedError


def test_a_class_whose_annotations_exist_only_for_type_checkers_can_be_stored_and_restored():
    assert to_data(HalfTyped())["options"] == {"size": {"tuple": [1, 2]}}
    assert from_data(to_data(HalfTyped((3,))), LoggerFactory, [HalfTyped]) == HalfTyped((3,))


class Level(IntEnum):
    HIGH = 2


Whatever = TypeVar("Whatever")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (type, HalfTyped),
        (type | None, torch.nn.Tanh),
        (type[LoggerFactory], LoggerFactoryDefault),
        (tuple[type, ...], (HalfTyped, torch.nn.ReLU)),
        (dict[str, type], {"one": HalfTyped}),
        (dict[str, object], {"one": HalfTyped, "two": (1, [2])}),
        (dict, {"one": (1, 2)}),
        (Callable, HalfTyped),
        (object, (1, 2)),
        (Whatever, 3),
        (Iterable[int], [1, 2]),
        (np.float32, np.float32(0.5)),
        (PurePath, Path("a")),
        (Level, Level.HIGH),
    ],
    ids=str,
)
def test_a_value_comes_back_whatever_its_field_is_annotated_with(annotation, value):
    made = attrs.make_class("Made", {"field": attrs.field(type=annotation)}, bases=(ConfigPart,), frozen=True)
    data = json.loads(json.dumps(to_data(made(value)), allow_nan=False))
    assert from_data(data, ConfigPart, [made, HalfTyped]).field == value


def test_a_registered_class_needs_no_leave_to_be_read_and_is_listed_as_used():
    made = attrs.make_class("Made", {"field": attrs.field(type=type)}, bases=(ConfigPart,), frozen=True)
    data = to_data(made(LoggerFactoryDefault))
    assert data["options"] == {"field": {"object": "logger/default"}}
    assert foreign_names(data) == [data["class"]]
    assert used_plugins(data) == [("logger", "default")]
