from __future__ import annotations

import inspect
import pickle
import re
import tomllib
from pathlib import Path

import attrs
import pytest

from rlchassis import api, experiment
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.config.tianshou_names import other_names, refuses_old_names, what_became_of
from rlchassis.envs import EnvFactoryRegistered, EnvMode
from rlchassis.errors import UsageError
from rlchassis.experiment.amended import amended
from rlchassis.registry.wording import setting_meant

ROOT = Path(__file__).parents[3]
LIBRARIES = tomllib.loads((ROOT / "core/src/rlchassis/other_names.toml").read_text("utf-8"))


@refuses_old_names
@attrs.frozen(kw_only=True)
class Params:
    gamma: float = 0.99
    lr_scheduler_factory: str | None = None


class Builder(experiment.ExperimentBuilder):  # type: ignore[type-arg]  # nothing is built
    agent_class = Params


@pytest.mark.parametrize(
    ("call", "new"),
    [
        (lambda: Params(discount_factor=0.9), "gamma"),
        (lambda: Params(lr_scheduler="linear"), "lr_scheduler_factory"),
        (lambda: SamplingConfig(max_epochs=3), "num_epochs"),
        (lambda: SamplingConfig(collection_step_num_env_steps=2048), "step_per_collect"),
        (lambda: EnvFactoryRegistered("CartPole-v1", render_mode_training="rgb_array"), "train_render_mode"),
        (lambda: Builder("CartPole-v1", training_config=SamplingConfig()), "sampling_config"),
    ],
)
def test_an_old_keyword_is_refused_with_its_new_name(call, new):
    with pytest.raises(UsageError, match=f'It is called "{new}" here'):
        call()


def test_an_old_attribute_or_member_is_an_attribute_error_with_its_new_name():
    with pytest.raises(AttributeError, match=r"^Params has no 'discount_factor'\. It is called .gamma. here\.$"):
        Params().discount_factor  # noqa: B018  asking for it is the test
    with pytest.raises(AttributeError, match=r"^EnvMode has no 'TRAINING'\. It is called .TRAIN. here\.$"):
        EnvMode.TRAINING  # noqa: B018  likewise


def test_an_attribute_that_was_never_a_name_is_left_to_python_which_suggests_the_nearest():
    with pytest.raises(AttributeError, match=r"^'Params' object has no attribute 'gama'$") as refused:
        Params().gama  # noqa: B018  asking for it is the test
    assert (refused.value.name, refused.value.obj) == ("gama", Params())
    assert not hasattr(EnvMode, "TRIAN")


def test_an_old_keyword_of_a_method_is_refused_with_its_new_name():
    with pytest.raises(UsageError, match=r"^Experiment\.run has no 'run_name'\. It is called .experiment_name. here\.$"):
        experiment.Experiment.run(None, run_name="first")
    assert list(inspect.signature(experiment.Experiment.run).parameters)[:2] == ["self", "experiment_name"]


def test_a_setting_that_has_no_counterpart_is_refused_with_what_to_do_instead():
    with pytest.raises(UsageError, match=r"Params has no 'action_scaling'\. Actions are always scaled"):
        Params(action_scaling=True)


def test_a_misspelt_keyword_is_a_type_error_with_the_nearest_name():
    with pytest.raises(TypeError, match=r"^SamplingConfig has no 'num_epoch'\. Did you mean 'num_epochs'\?$"):
        SamplingConfig(num_epoch=3)


def test_a_keyword_that_was_never_a_name_is_pythons_own_business():
    with pytest.raises(TypeError, match="gama"):
        Params(gama=0.9)


def test_a_class_that_refuses_old_names_is_otherwise_as_it_was():
    params = Params(gamma=0.5)
    assert list(inspect.signature(Params).parameters) == ["gamma", "lr_scheduler_factory"]
    assert attrs.evolve(params, gamma=0.9) == Params(gamma=0.9)
    assert pickle.loads(pickle.dumps(params)) == params


def test_an_old_setting_in_a_file_or_on_the_command_line_is_refused_with_its_new_name():
    with pytest.raises(UsageError, match='It is called "step_per_epoch" here'):
        amended(SamplingConfig(), {"epoch_num_steps": 5})


def test_an_old_class_is_refused_with_its_new_name():
    with pytest.raises(ImportError, match="it is called PGExperimentBuilder here"):
        from rlchassis.experiment import ReinforceExperimentBuilder  # noqa: F401  importing it is the test


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("reward_normalization", ["gamma", "return_standardization"], 'It is called "return_standardization" here.'),
        ("learning_rate", ["lr", "gamma"], 'It is called "lr" here.'),
        ("learning_rate", ["actor_lr", "critic_lr"], 'It is called "actor_lr" or "critic_lr" here.'),
        ("learning_rate", ["params.lr", "sampling"], 'It is called "params.lr" here.'),
        ("n_steps", ["n_step", "gamma"], 'It is called "n_step" here.'),
        ("n_steps", ["step_per_collect"], 'It is called "step_per_collect" (counted over all environments: n_steps · n_envs) here.'),
        ("batch_size", ["lr"], 'It is called "sampling.batch_size" (SamplingConfig in Python) here.'),
        ("clip_range", ["gamma"], 'It is called "params.eps_clip" where an algorithm has it.'),
        ("target_kl", ["max_kl"], 'It is called "max_kl" here.'),
        ("target_kl", ["eps_clip"], "A KL divergence does not end an update here; leave it out, lower repeat_per_collect, or take TRPO"),
        ("use_sde", [], "State-dependent exploration is not provided; leave it out."),
    ],
)
def test_a_name_of_another_library_is_answered_by_what_stands_for_it_where_it_was_asked_for(word, known, said):
    assert what_became_of(word, known).startswith(f" {said}")


@pytest.mark.parametrize("word", ["training_config", "gama", "steps"])
def test_a_name_that_means_nothing_where_it_was_asked_for_is_answered_by_nothing(word):
    assert what_became_of(word, ["gamma"]) == ""


def test_a_setting_is_suggested_by_its_own_name_in_a_section_then_by_its_counterpart_then_by_its_spelling():
    settings = ["sampling", "sampling.batch_size", "params.lr", "actor.hidden_sizes", "critic.hidden_sizes"]
    assert setting_meant("lr", settings) == ' Did you mean "params.lr"?'
    assert setting_meant("hidden_sizes", settings) == ' Did you mean "actor.hidden_sizes" or "critic.hidden_sizes"?'
    assert setting_meant("learning_rate", settings) == ' It is called "params.lr" here.'
    assert setting_meant("sampl", settings) == ' Did you mean "sampling"?'
    assert setting_meant("zzz", settings) == ""


def test_an_environment_may_have_arguments_of_any_name_but_those_of_its_factory():
    arguments = {"gamma": 0.9, "device": "cpu", "action_scaling": True, "n_envs": 3}
    assert EnvFactoryRegistered("Own-v0", **arguments).make_kwargs == arguments
    with pytest.raises(UsageError, match="Environments are seeded from"):
        EnvFactoryRegistered("Own-v0", train_seed=3)


def test_every_class_that_an_old_one_became_is_where_it_is_said_to_be():
    classes = other_names("classes").values()
    of_core = [name.removeprefix("rlchassis.api.") for name in classes if name.startswith("rlchassis.api.")]
    assert set(of_core) <= set(api.__all__)
    assert {name for name in classes if "." not in name} <= {*experiment.__all__, *experiment.BUILDERS}


def test_every_setting_of_core_that_another_librarys_became_is_there():
    classes = {"sampling": SamplingConfig, "config": ExperimentConfig, "env": EnvFactoryRegistered}
    known = {f"{section}.{a.name}" for section, cls in classes.items() for a in attrs.fields(cls)}
    named = {name for answer in other_names("counterparts").values() for name, _ in entries(answer)}
    assert {name for name in named if name.partition(".")[0] in classes} <= known


def entries(answer):
    """Names and notes."""
    answers = answer if isinstance(answer, list) else [answer]
    return [(each["is"], each["note"]) if isinstance(each, dict) else (each, "") for each in answers]


def rows_of(page):
    return dict(re.findall(r"^\| `([^`]+)` \| (.+?) \|$", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE))


def row(answer, shown):
    return " or ".join(f"`{shown(name)}`" + (f" ({note})" if note else "") for name, note in entries(answer))


@pytest.mark.parametrize(
    ("library", "page", "shown"),
    [("tianshou", "porting.md", lambda name: name.rpartition(".")[2]), ("others", "other-libraries.md", lambda name: name)],
)
def test_the_guides_have_a_row_for_every_name_of_another_library(library, page, shown):
    names = LIBRARIES[library]
    expected = {old: row(answer, shown) for old, answer in names["counterparts"].items()}
    expected |= {old: f"`{new}`" for old, new in names.get("classes", {}).items()}
    expected |= names["advice"] | names.get("advice_on_environments", {})
    found = rows_of(page)
    assert {old: found.get(old) for old in expected} == expected
