"""A second distribution that claims the names of a stored run's plugins: the run is opened with those it was made with."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import rlchassis
from rlchassis.cli.watched import watch_stored
from rlchassis.errors import PluginError, StoredFileError
from rlchassis.experiment import Experiment, Mode, PPOExperimentBuilder, plan
from rlchassis.storage.policy_file import read_policy, write_policy
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling, write_distribution

OTHERS = """
class Builder:
    agent_class = type("AgentFactory", (), {})
class Optimizer:
    def create_optimizer_for_params(self, params, lr): raise RuntimeError
class Wrapper:
    def create_wrapped_policy(self, policy, envs, optim_factory, device): raise RuntimeError
"""
KINDS = {"algorithm": "ppo = Builder", "optimizer": "adam = Optimizer", "policy_wrapper": "obs-norm = Wrapper"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each way to store a policy, made while every name was claimed once."""
    folder = tmp_path_factory.mktemp("log")
    for mode in Mode:
        builder = PPOExperimentBuilder("CartPole-v1", tiny_config(folder, policy_persistence_mode=mode), tiny_sampling())
        builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()).build().run(mode.value)
    return folder


@pytest.fixture
def claimed(runs, install):
    """The same, after all its names were claimed by a second distribution."""
    install(lambda folder: write_distribution(folder, "acme-rl", OTHERS, **KINDS))
    return runs


@pytest.mark.parametrize("mode", Mode)
def test_a_stored_run_is_opened_with_the_plugins_that_it_was_made_with(mode, claimed):
    directory = claimed / mode.value
    recorded = read_policy(directory).record["test"]["returns"]
    assert list(rlchassis.evaluate(directory).returns) == recorded
    assert rlchassis.load_policy(directory)(np.zeros(4)) in (0, 1)
    assert len(watch_stored(directory, 1).returns) == 1
    again = Experiment.from_directory(directory)
    assert again.agent_factory.optim_factory.name == "adam@rlchassis-adam"
    assert again.with_config(persistence_enabled=False).run().trainer_result.env_steps == 64


def test_a_policy_says_by_itself_which_plugins_it_is_made_of(claimed, tmp_path):
    write_policy(tmp_path, read_policy(claimed / Mode.POLICY.value))
    assert rlchassis.load_policy(tmp_path)(np.zeros(4)) in (0, 1)
    (tmp_path / "policy.pt").unlink()
    stored = read_policy(claimed / Mode.POLICY.value)
    stored.record.pop("plugins")
    write_policy(tmp_path, stored)
    with pytest.raises(StoredFileError, match=r"claimed by several distributions.*ppo@acme-rl.*ppo@rlchassis-ppo"):
        rlchassis.load_policy(tmp_path)
    (tmp_path / "provenance.json").write_bytes((claimed / Mode.POLICY.value / "provenance.json").read_bytes())
    assert rlchassis.load_policy(tmp_path)(np.zeros(4)) in (0, 1)


@pytest.mark.parametrize("damage", ["gone", "another distribution", "no rows"])
def test_a_run_that_does_not_say_what_it_used_asks_which_is_meant(damage, claimed, tmp_path):
    directory = tmp_path / "run"
    Experiment.from_directory(claimed / Mode.POLICY.value).save(directory)
    recipe = (claimed / Mode.POLICY.value / "experiment.json").read_text("utf-8")
    (directory / "experiment.json").write_text(recipe, "utf-8")
    rows = {"another distribution": [{"kind": "algorithm", "name": "ppo", "distribution": "gone-rl", "used": True}], "no rows": [None, 3]}
    if damage in rows:
        (directory / "provenance.json").write_text(json.dumps({"plugins": rows[damage]}), "utf-8")
    with pytest.raises(StoredFileError, match=r"claimed by several distributions"):
        Experiment.from_directory(directory)


def test_a_new_run_still_has_to_say_which_is_meant(claimed):
    with pytest.raises(PluginError, match=r"claimed by several distributions.*ppo@acme-rl.*ppo@rlchassis-ppo"):
        plan("ppo", "CartPole-v1", steps=1)


def test_a_configuration_saved_with_a_name_claimed_twice_says_which_is_meant(claimed, tmp_path):
    Experiment.from_directory(claimed / Mode.POLICY.value).save(tmp_path)
    agent = json.loads((tmp_path / "experiment.json").read_text("utf-8"))["agent_factory"]
    assert agent["part"] == "algorithm/ppo@rlchassis-ppo"
    assert Experiment.from_directory(tmp_path).agent_factory == Experiment.from_directory(claimed / Mode.POLICY.value).agent_factory


def test_the_record_of_a_policy_names_the_distributions_of_its_parts(runs):
    rows = read_policy(runs / Mode.POLICY.value).record["plugins"]
    assert {(row["kind"], row["name"], row["distribution"]) for row in rows} >= {
        ("algorithm", "ppo", "rlchassis-ppo"),
        ("optimizer", "adam", "rlchassis-adam"),
        ("policy_wrapper", "obs-norm", "rlchassis-obs-norm"),
    }
    assert torch.load(runs / Mode.POLICY.value / "policy.pt", weights_only=True).keys() == {"format", "mode", "state", "record"}
