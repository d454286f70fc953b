"""A stranger's distribution, which imports rlchassis.api and the toolkit, is found, trained, stored and restored like one of the house."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import rlchassis
from rlchassis.errors import UnsupportedSpaceError
from rlchassis.experiment import Experiment, SamplingConfig
from rlchassis.registry import find, load
from rlchassis_testkit.stored_runs import tiny_config, write_metadata

PROJECT = Path(__file__).parent / "third_party" / "acme-reinforce"
SAMPLING = SamplingConfig(num_epochs=2, step_per_epoch=200, batch_size=None, num_train_envs=2)


@pytest.fixture
def builder_class(install, monkeypatch):
    """What the registry finds under the name, once the project is installed."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    sections = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    monkeypatch.syspath_prepend(PROJECT / "src")
    install(lambda folder: write_metadata(folder, project["name"], "\n".join(sections), project["version"]))
    return load("algorithm", "acme.reinforce")


def test_a_third_party_plugin_is_listed_as_any_plugin(builder_class):
    plugin = find("algorithm", "acme.reinforce")
    assert (plugin.state, plugin.distribution, plugin.version, plugin.policy) == ("ok", "acme-reinforce", "0.1.0", "on")
    assert load("algorithm", "reinforce") is builder_class


def test_its_builder_is_asked_for_in_its_own_package(builder_class):
    with pytest.raises(ImportError) as refusal:
        from rlchassis.experiment import ReinforceExperimentBuilder  # noqa: F401  importing it is the test
    assert str(refusal.value) == (
        "rlchassis.experiment has the builders of rlchassis itself; "
        'write: from acme_reinforce import ReinforceExperimentBuilder ("acme.reinforce").'
    )
    with pytest.raises(ImportError) as refusal:
        from rlchassis.experiment import ReinforcedExperimentBuilder  # noqa: F401  likewise
    assert str(refusal.value).startswith(
        "no installed algorithm has the builder ReinforcedExperimentBuilder. "
        'Did you mean "ReinforceExperimentBuilder"? rlchassis.experiment has A2CExperimentBuilder, '
    )
    assert str(refusal.value).endswith('own package: from acme_reinforce import ReinforceExperimentBuilder ("acme.reinforce").')


def test_a_third_party_plugin_imports_the_api_and_the_toolkit_and_nothing_else_of_this_project():
    tree = ast.parse((PROJECT / "src" / "acme_reinforce" / "__init__.py").read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module for module in imported if module and module.startswith("rlchassis")} == {"rlchassis.api", "rlchassis_toolkit"}


def test_a_third_party_algorithm_trains_and_its_policy_is_stored_and_loaded(builder_class, tmp_path):
    experiment = builder_class("CartPole-v1", tiny_config(tmp_path), SAMPLING).build()
    result = experiment.run("run")
    assert (result.trainer_result.env_steps, result.trainer_result.updates) == (400, 2)
    directory = result.world.directory
    assert Experiment.from_directory(directory, restore_policy=False) == experiment
    assert rlchassis.evaluate(directory) == result.trainer_result.best
    assert rlchassis.load_policy(directory)([0.0, 0.0, 0.0, 0.0]) in (0, 1)
    assert '"algorithm/acme.reinforce"' in (directory / "experiment.json").read_text("utf-8")
    assert '"acme-reinforce"' in (directory / "provenance.json").read_text("utf-8")


def test_a_third_party_algorithm_trains_by_its_name(builder_class, tmp_path):
    options = {"steps": 300, "settings": [{"params": {"gamma": 0.9}, "sampling": {"batch_size": None, "num_train_envs": 2}}]}
    experiment = rlchassis.experiment.plan("acme.reinforce", "CartPole-v1", **options, persistence_base_dir=str(tmp_path))
    assert experiment.agent_factory.params.gamma == 0.9
    assert experiment.run("run").trainer_result.env_steps == 300


def test_its_manifest_is_obeyed(builder_class, tmp_path):
    with pytest.raises(UnsupportedSpaceError, match=r"acme\.reinforce does not support actions of Box"):
        builder_class("Pendulum-v1", tiny_config(tmp_path), SAMPLING).build().run("run")
    assert list(tmp_path.iterdir()) == []
