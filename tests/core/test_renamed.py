from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import attrs
import pytest

from rlchassis import api, experiment
from rlchassis.config import SamplingConfig
from rlchassis.envs import EnvFactoryRegistered
from rlchassis.errors import UsageError
from rlchassis.persistence.recipe_changes import amended
from rlchassis.renamed import CLASSES, FIELDS, GONE, refuses_old_names, what_became_of

PORTING = (Path(__file__).parents[2] / "docs" / "porting.md").read_text(encoding="utf-8")


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


def test_a_setting_that_has_no_counterpart_is_refused_with_what_to_do_instead():
    with pytest.raises(UsageError, match=r"Params has no 'action_scaling'\. Actions are always scaled"):
        Params(action_scaling=True)


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


def test_of_two_new_names_the_one_is_told_that_the_class_has():
    assert '"return_standardization"' in what_became_of("reward_normalization", ["gamma", "return_standardization"])
    assert what_became_of("reward_normalization", ["gamma"]) == ""


def test_every_class_that_an_old_one_became_is_where_it_is_said_to_be():
    of_core = [name.removeprefix("rlchassis.api.") for name in CLASSES.values() if name.startswith("rlchassis.api.")]
    assert set(of_core) <= set(api.__all__)
    assert {name for name in CLASSES.values() if "." not in name} <= {*experiment.__all__, *experiment.BUILDERS}


def test_the_porting_guide_has_a_row_for_every_old_name():
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+?) \|$", PORTING, re.MULTILINE))
    expected = {old: " or ".join(f"`{name}`" for name in new) for old, new in FIELDS.items()}
    expected |= {old: f"`{new}`" for old, new in CLASSES.items()} | GONE
    assert {old: rows.get(old) for old in expected} == expected
