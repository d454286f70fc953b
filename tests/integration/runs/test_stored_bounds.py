"""What a stored recipe may ask for when its policy is opened: bounds on the whole, and a word of the user where there can be one."""

from __future__ import annotations

import importlib
import json
import shutil
import sys

import attrs
import gymnasium as gym
import pytest
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from torch import nn

import rlchassis
from rlchassis.cli import main, watched
from rlchassis.cli.watched import watch_stored
from rlchassis.config.limits import MOST_THREADS
from rlchassis.envs import environments_of
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import Experiment, Mode, PPOExperimentBuilder, stored, stored_bounds
from rlchassis.experiment.stored_bounds import ALLOWANCE, no_larger_than
from rlchassis.storage.policy_file import StoredPolicy, read_policy, write_policy
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling


class Importing(CartPoleEnv):
    """Makes another by its id, as the environments of compatibility layers do."""

    def __init__(self, env_id="CartPole-v1", render_mode=None):
        super().__init__(render_mode=render_mode)
        self.inner = gym.make(env_id)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    """The directory of a run that all tests copy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(gym.registry, "Importing-v0", gym.envs.registration.EnvSpec("Importing-v0", entry_point=Importing))
        config = tiny_config(tmp_path_factory.mktemp("finished"), policy_persistence_mode=Mode.POLICY_STATE_DICT)
        return PPOExperimentBuilder("Importing-v0", config, tiny_sampling()).build().run("run").world.directory


@pytest.fixture
def run(finished_run, tmp_path, monkeypatch):
    """A run directory whose recipe can be changed by `changed`."""
    monkeypatch.setitem(gym.registry, "Importing-v0", gym.envs.registration.EnvSpec("Importing-v0", entry_point=Importing))
    return shutil.copytree(finished_run, tmp_path / "run")


def changed(directory, section, **values):
    """Other values in the recipe."""
    file = directory / "experiment.json"
    recipe = json.loads(file.read_text("utf-8"))
    place = recipe
    for key in section.split("."):
        place = place[key]
    place.update(values)
    file.write_text(json.dumps(recipe), "utf-8")
    return directory


def test_a_recipe_of_more_environments_than_reason_is_played_in_as_many_as_there_are_episodes_or_not_at_all(run, monkeypatch):
    monkeypatch.setattr(stored_bounds, "MOST_ENVS", 4)
    changed(run, "sampling_config", num_test_envs=5)
    with pytest.raises(StoredFileError, match=r"requests 5 parallel environments, at most 4 are allowed; set the number of episodes"):
        rlchassis.evaluate(run)
    made = []
    monkeypatch.setattr(stored, "environments_of", lambda factory, *counts: made.append(counts[:2]) or environments_of(factory, *counts))
    assert len(rlchassis.evaluate(run, episodes=3).returns) == 3
    assert len(rlchassis.evaluate(run, episodes=6).returns) == 6
    assert made == [(0, 3), (0, 4)]


def test_a_recipe_of_more_episodes_to_watch_than_reason_is_watched_for_as_many_as_are_asked_for(run, monkeypatch):
    monkeypatch.setattr(watched, "MOST_EPISODES", 2)
    changed(run, "config", watch_num_episodes=3)
    with pytest.raises(StoredFileError, match="requests 3 episodes to watch, at most 2 are allowed; set their number"):
        watch_stored(run)
    assert len(watch_stored(run, 4).returns) == 4


@pytest.mark.parametrize("seeds", [[], [-1], [2**63], [0] * 10_001], ids=["none", "negative", "2^63", "10 001"])
def test_recorded_seeds_that_no_test_has_are_not_repeated(seeds, run):
    policy = read_policy(run)
    policy.record["test"].update(seeds=seeds, returns=[0.0] * len(seeds), lengths=[1] * len(seeds))
    write_policy(run, policy)
    with pytest.raises(StoredFileError, match=r"set the number of episodes\.$"):
        rlchassis.evaluate(run)


def test_a_recipe_of_a_thousand_threads_gets_a_number_that_a_machine_has_use_for(run, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    rlchassis.evaluate(changed(run, "config", num_threads=1000), episodes=1)
    assert max(asked) == MOST_THREADS
    with pytest.raises(StoredFileError, match="num_threads must be a whole number of at least 1 and of at most 1024 or None"):
        Experiment.from_directory(changed(run, "config", num_threads=10**12))


@pytest.mark.parametrize(("part", "widths"), [("actor", [20_000, 20_000]), ("actor", [1] * 2000), ("critic", [20_000, 20_000])])
def test_networks_that_have_nothing_to_do_with_the_stored_policy_are_not_made(part, widths, run, monkeypatch):
    monkeypatch.setattr(nn.Linear, "reset_parameters", lambda self: self.in_features <= 2000 or pytest.fail("it was made"))
    changed(run, f"agent_factory.options.{part}_factory.options", hidden_sizes=widths)
    for opened in (watch_stored,) if part == "critic" else (watch_stored, rlchassis.load_policy, lambda run: rlchassis.evaluate(run, 1)):
        with pytest.raises(StoredFileError, match="requests networks far larger than its stored policy"):
            opened(run)


def test_by_hand_parameters_may_be_eight_times_the_largest_stored_one_and_some_room():
    policy = StoredPolicy({"a": torch.zeros(10), "b": torch.zeros(5)})
    with no_larger_than(policy, "x"):
        nn.Module().register_parameter("a", nn.Parameter(torch.empty(ALLOWANCE + 80)))
    with pytest.raises(StoredFileError, match="far larger"), no_larger_than(policy, "x"):
        nn.Module().register_parameter("a", nn.Parameter(torch.empty(ALLOWANCE + 81)))
    nn.Module().register_parameter("a", nn.Parameter(torch.empty(ALLOWANCE + 81)))


IDS = [
    {"env_id": "planted_module:X-v0"},
    {"options": {"deep": ["a", {"id": "planted_module:X-v0"}]}},
    {"options": {"planted_module:X-v0": 1}},
    {"env_id": "idlelib.idle:X-v0"},
    {"env_id": {"mapping": {"object": "planted_module:X-v0"}}},
]


@pytest.mark.parametrize("kwargs", IDS, ids=str)
def test_a_recipe_does_not_make_an_environment_import_by_an_id_in_its_arguments(kwargs, run, tmp_path, monkeypatch):
    (tmp_path / "planted_module.py").write_text("raise SystemExit('imported')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = "idlelib.idle" if "idlelib" in str(kwargs) else "planted_module"
    changed(run, "env_factory.options", make_kwargs=kwargs)
    for opened in (Experiment.from_directory, rlchassis.load_policy, rlchassis.evaluate, watch_stored):
        with pytest.raises(StoredFileError, match=rf"would import {module}; .* say --allow {module}\."):
            opened(run)
    assert module not in sys.modules


def test_a_module_that_is_allowed_may_stand_in_the_arguments(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "allowed_module.py").write_text(
        "import gymnasium as gym\ngym.register('Allowed-v0', 'gymnasium.envs.classic_control:CartPoleEnv', max_episode_steps=9)\n", "utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    changed(run, "env_factory.options", make_kwargs={"env_id": "allowed_module:Allowed-v0"})
    assert main(["eval", str(run), "--episodes", "1"]) == 2
    assert "--allow allowed_module" in capsys.readouterr().err
    assert main(["eval", str(run), "--episodes", "1", "--allow", "allowed_module"]) == 0
    monkeypatch.delitem(sys.modules, "allowed_module")
    monkeypatch.delitem(gym.registry, "Allowed-v0")
    module = importlib.import_module("allowed_module")
    assert len(rlchassis.evaluate(run, 1, allow=[module]).returns) == 1
    monkeypatch.delitem(sys.modules, "allowed_module")
    monkeypatch.delitem(gym.registry, "Allowed-v0")


@pytest.mark.parametrize(
    "text", ["http://example.com/a", "cuda:0", "C:\\maps\\a.xml", "key: value", "a:b", "12:30", ":", "CartPole-v1", "os:x"]
)
def test_texts_that_make_nobody_import_anything_are_left_alone(text, run):
    changed(run, "env_factory.options", make_kwargs={"title": text})
    assert Experiment.from_directory(run).env_factory.make_kwargs == {"title": text}


def test_allow_takes_objects_and_not_their_names(run):
    with pytest.raises(UsageError, match="allow takes classes, functions and modules themselves, got 'os:system'"):
        Experiment.from_directory(run, allow=["os:system"])


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("agent_factory", {"part": "algorithm/" + "p" * 2**20}, "has a name of 1048586 characters"),
        ("agent_factory.options", {"policy_wrappers": [{"part": "policy_wrapper/obs-norm", "options": {}}] * 5000}, "has 50.. parts"),
        ("agent_factory.options", {"policy_wrappers": [{"part": "policy_wrapper/obs-norm", "options": {}}] * 900}, "at most 32 wrappers"),
        (
            "env_factory.options",
            {"make_kwargs": {"a": [{"class": f"mine:C{i}", "options": {}} for i in range(900)]}},
            "uses mine:C0, .* pass it in allow",
        ),
        ("agent_factory.options.params", {"lr": 10**400}, "int too large to convert to float"),
        ("env_factory.options", {"task": "C" * 2**20}, "task must be the id of an environment of at most 200 characters"),
        ("config", {"watch_render": 1e308}, "watch_render must be a number of at least 0 and of at most 60000"),
        ("config", {"k" * 2**20: 1}, "ExperimentConfig has no field 'kkk"),
    ],
)
def test_a_recipe_beyond_all_measure_is_refused_in_a_sentence_of_readable_length(section, values, said, run):
    with pytest.raises(StoredFileError, match=said) as refused:
        Experiment.from_directory(changed(run, section, **values))
    assert len(str(refused.value)) < 1200


def test_printed_configurations_are_bounded(run, capsys):
    changed(run, "agent_factory", part="algorithm/" + "p" * 2**20)
    assert main(["inspect", str(run)]) == 2
    assert len(capsys.readouterr().err) < 1200


def test_by_hand_a_policy_has_at_most_thirty_two_wrappers():
    agent = PPOExperimentBuilder("CartPole-v1").build().agent_factory
    assert len(attrs.evolve(agent, policy_wrappers=(PolicyWrapperFactoryObsNorm(),) * 32).policy_wrappers) == 32
    with pytest.raises(UsageError, match="policy_wrappers takes at most 32 wrappers, got 33"):
        attrs.evolve(agent, policy_wrappers=(PolicyWrapperFactoryObsNorm(),) * 33)
