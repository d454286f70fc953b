"""Names of other libraries are answered by what the pages say, wherever somebody would write them."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rlchassis import experiment
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.config.tianshou_names import other_names
from rlchassis.envs import EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, InfoStats, World

FOLDER = Path(__file__).parent
TIANSHOU = tomllib.loads((FOLDER / "peer_defaults.toml").read_text(encoding="utf-8"))["names"]
BUILDERS = {name.removesuffix("ExperimentBuilder"): getattr(experiment, name) for name in experiment.BUILDERS}
PARAMS = {name: type(builder.agent_class().params) for name, builder in BUILDERS.items()}
MEMBERS = [EnvMode, VectorEnvType, *(object.__new__(each) for each in (InfoStats, World, *BUILDERS.values()))]
"""What has the methods and members that are listed."""


class Taker(NamedTuple):
    """What is given settings by keyword, and their section on the pages."""

    section: str
    call: Callable[..., Any]

    @property
    def settings(self) -> set[str]:
        return set(inspect.signature(self.call).parameters)


TAKERS = [
    *(Taker("params", params) for params in PARAMS.values()),
    Taker("sampling", SamplingConfig),
    Taker("config", ExperimentConfig),
    Taker("env", partial(EnvFactoryRegistered, "CartPole-v1")),
    Taker("", partial(BUILDERS["PPO"], "CartPole-v1")),
    Taker("", Experiment),
    Taker("", partial(Experiment.run, None)),
]


def tables(page: str, heading: str) -> list[tuple[str, str]]:
    """Name and answer of each row below a heading."""
    text = (FOLDER.parents[1] / "docs" / page).read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \| (.+) \|$", section, re.MULTILINE)


def answer(call: Callable[[], Any]) -> str:
    """What is said instead of a result."""
    with pytest.raises((UsageError, AttributeError)) as refused:
        call()
    return str(refused.value)


def refusals(old: str, new: str | None = None) -> list[str]:
    """What all that have the new setting, or all that take no others, answer to the old one."""
    asked = [each for each in TAKERS if old not in each.settings]
    if new is None:
        return [answer(partial(each.call, **{old: None})) for each in asked if each.section != "env"]
    section, _, setting = new.rpartition(".")
    return [answer(partial(each.call, **{old: None})) for each in asked if setting in each.settings and section in ("", each.section)]


SETTINGS = [(page, *row) for page in ("porting.md", "other-libraries.md") for row in tables(page, "Settings")]


@pytest.mark.parametrize(("page", "old", "here"), SETTINGS, ids=[f"{page}-{old}" for page, old, _ in SETTINGS])
def test_a_setting_of_another_library_is_refused_with_what_its_row_says(page, old, here):
    names = re.findall(r"`([\w.]+)`", here) if here.startswith("`") else []
    answers = {name: refusals(old, name) for name in names}
    for name, said in answers.items():
        assert all(f'"{name.rpartition(".")[2]}"' in each for each in said)
    assert any(answers.values()) or any(name.rpartition(".")[2] == old for name in names) or any(here in each for each in refusals(old))


@pytest.mark.parametrize(("old", "here"), tables("porting.md", "Methods and members"), ids=lambda part: part[:20])
def test_a_method_or_member_of_tianshou_is_answered_by_what_its_row_says(old, here):
    new = here.strip("`").partition("`")[0]
    asked = [each for each in MEMBERS if here[0] != "`" or hasattr(type(each) if not isinstance(each, type) else each, new)]
    assert asked
    expected = here.replace("`", '"') if here[0] == "`" else here
    assert all(expected in answer(partial(getattr, each, old)) for each in asked)


@pytest.mark.parametrize("algorithm", PARAMS)
def test_every_parameter_of_tianshou_is_one_here_or_answered(algorithm):
    own = set(inspect.signature(PARAMS[algorithm]).parameters)
    for name in set(TIANSHOU[algorithm]) - own:
        assert answer(partial(PARAMS[algorithm], **{name: None})).startswith(f"{PARAMS[algorithm].__name__} has no '{name}'. ")


def test_every_sampling_setting_of_tianshou_is_one_here_or_answered():
    for name in set(TIANSHOU["SamplingConfig"]) - set(inspect.signature(SamplingConfig).parameters):
        assert answer(partial(SamplingConfig, **{name: None})).startswith(f"SamplingConfig has no '{name}'. ")


def test_every_method_of_tianshous_builders_is_one_here_or_answered():
    answered = {*other_names("counterparts"), *other_names("advice")}
    for algorithm, methods in TIANSHOU["methods"].items():
        missing = {f"with_{each}" for each in (*methods, *TIANSHOU["methods_of_all"])} - set(dir(BUILDERS[algorithm]))
        assert missing <= answered
