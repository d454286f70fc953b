"""Data that is no recipe, or has something wrong in one field, is refused in one sentence that says where."""

from __future__ import annotations

import copy
import json

import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import Experiment, PPOExperimentBuilder
from rlchassis.experiment.amended import amended


def changed(data, path, value):
    data = copy.deepcopy(data)
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


WRONG = [
    (["format"], 2, "format"),
    (["surprise"], 1, "no field 'surprise'"),
    (["config", "seeed"], 1, 'Did you mean "seed"'),
    (["config", "seed"], -1, "config: ExperimentConfig: |config: seed must be"),
    (["config", "seed"], "1", "config: seed: expected a whole number"),
    (["config", "train"], 1, "config: train: expected true or false"),
    (["config", "policy_persistence_mode"], "all", "policy_persistence_mode"),
    (["sampling_config"], [], "expected the fields of SamplingConfig"),
    (["env_factory"], "registered", "env_factory: "),
    (["env_factory"], {"part": "env/nowhere", "options": {}}, 'no env.* "nowhere"'),
    (["env_factory"], {"part": "optimizer/adam", "options": {}}, "expected EnvFactory, got optimizer/adam"),
    (["env_factory"], {"part": "registered"}, "names no plugin"),
    (["env_factory"], {"class": "os:system", "options": {}}, "os:system, which no plugin registers"),
    (["env_factory"], {"part": "env/registered", "options": {"task": "x"}, "more": 1}, "only a name and options, got 'more'"),
    (["agent_factory", "options", "params", "lr"], -1.0, "lr"),
    (["agent_factory", "options", "params", "lr"], None, "lr: expected a number"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_activation"], "Relu", 'Did you mean "ReLU"'),
    (["agent_factory", "options", "actor_factory", "options", "hidden_activation"], "functional", "no module 'functional'"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_activation"], {"object": "os:system"}, "os:system"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_activation"], {"object": "torch.nn:Module.__init__"}, "no module"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_sizes"], [0], "hidden_sizes"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_sizes"], 64, "hidden_sizes: expected a list, not 64"),
    (["agent_factory", "options", "actor_factory", "options", "hidden_sizes"], "64", "hidden_sizes: expected a list, not '64'"),
    (["env_factory"], {"part": "env/vector", "options": {"vector_env": 3}}, "vector_env: no file can hold a .*VectorEnv"),
    (["callbacks", "stop"], [{"part": "component/mlp-actor", "options": {}}], "expected EpochStopCallback, got component/mlp-actor"),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG, ids=[f"{'.'.join(path)}={value}" for path, value, _ in WRONG])
def test_a_stored_recipe_with_a_wrong_value_is_refused_in_one_sentence(path, value, said, tmp_path):
    data = PPOExperimentBuilder("CartPole-v1").build().to_data()
    (tmp_path / "experiment.json").write_text(json.dumps(changed(data, path, value)), "utf-8")
    with pytest.raises(StoredFileError, match=said) as caught:
        Experiment.from_directory(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "NaN",
        '{"format": 1, "config": 1e999}',
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"format": 1, "x": ' + "[" * 900 + "]" * 900 + "}",
    ],
    ids=["empty", "cut", "list", "null", "nan", "huge", "deep-list", "deep-dict", "nested"],
)
def test_a_file_that_is_no_recipe_is_refused_in_one_sentence(text, tmp_path):
    (tmp_path / "experiment.json").write_text(text, "utf-8")
    with pytest.raises(StoredFileError) as caught:
        Experiment.from_directory(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_directory_that_is_none_of_a_run_is_refused(tmp_path):
    with pytest.raises(StoredFileError, match="is this the directory of a run"):
        Experiment.from_directory(tmp_path / "nowhere")


def test_a_deeply_nested_value_in_an_open_field_is_refused(tmp_path):
    data = PPOExperimentBuilder("CartPole-v1").build().to_data()
    nested = json.loads("[" * 400 + "]" * 400)
    data["env_factory"]["options"]["make_kwargs"] = {"a": nested}
    (tmp_path / "experiment.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(StoredFileError, match="nested too deeply"):
        Experiment.from_directory(tmp_path)


def test_fields_at_any_depth_can_be_changed():
    agent = PPOExperimentBuilder("CartPole-v1").build().agent_factory
    changes = {"params": {"lr": 1}, "actor_factory": {"hidden_sizes": [4]}, "optim_factory": {"eps": 1e-5}}
    message = amended(agent, changes)
    assert (message.params.lr, message.actor_factory.hidden_sizes, message.optim_factory.options) == (1.0, (4,), {"eps": 1e-5})
    assert message.params.gamma == agent.params.gamma
    with pytest.raises(UsageError, match=r"params: PPOParams has no field 'lrr'\. Did you mean \"lr\""):
        amended(agent, {"params": {"lrr": 1}})
    with pytest.raises(UsageError, match=r"^params: lr: expected a number, not .fast."):
        amended(agent, {"params": {"lr": "fast"}})
