"""What no file can hold causes one warning, or is refused where it must be stored."""

from __future__ import annotations

import logging

import gymnasium as gym
import pytest

from rlchassis import load_policy
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import (
    EnvFactoryRegistered,
    Experiment,
    PPOExperimentBuilder,
)
from rlchassis.storage.spec.contents import unstorable_names
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling


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
