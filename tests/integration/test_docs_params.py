"""The page of parameters says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
import torch

import rlchassis_toolkit
from rlchassis import api, experiment
from rlchassis.cli.field_docs import documented
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_dqn import QNetworkFactoryDefault

MADE = {name.removesuffix("ExperimentBuilder"): getattr(experiment, name) for name in experiment.BUILDERS}
PAGE = (Path(__file__).parents[2] / "docs" / "params.md").read_text(encoding="utf-8")
FACTORIES = {**vars(api), **vars(rlchassis_toolkit), **vars(torch.nn), "QNetworkFactoryDefault": QNetworkFactoryDefault}
RECIPES = [
    *(type(builder.agent_class().params) for builder in MADE.values()),
    rlchassis_toolkit.IntermediateModuleFactoryDefault,
    rlchassis_toolkit.DeterministicActorFactoryDefault,
    rlchassis_toolkit.ActorFactoryDefault,
    rlchassis_toolkit.CriticFactoryDefault,
    rlchassis_toolkit.ActionCriticFactoryDefault,
    OptimizerFactoryAdam,
    SamplingConfig,
    ExperimentConfig,
]


def section(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its head left out."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\| `.*\|$", section(heading), re.MULTILINE)]


def test_the_page_has_no_class_that_is_not_held_against_the_code():
    assert set(re.findall(r"^## `(\w+)`$", PAGE, re.MULTILINE)) == {each.__name__ for each in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_page_has_every_field_with_its_default_and_its_sentence(recipe):
    listed = rows(f"`{recipe.__name__}`")
    assert [tuple(row[:3]) for row in listed] == [(f"`{name}`", default, sentence) for name, default, sentence in documented(recipe())]
    assert all(len(row) == 4 and row[3] for row in listed)


def test_the_network_of_dqn_has_the_fields_that_the_page_has_for_that_of_iqn():
    networks = (QNetworkFactoryDefault(), rlchassis_toolkit.IntermediateModuleFactoryDefault())
    assert len({tuple((name, default) for name, default, _ in documented(each)) for each in networks}) == 1


@pytest.mark.parametrize("algorithm", MADE)
def test_the_page_has_what_an_algorithm_puts_in(algorithm):
    listed = {name.strip("`"): int(value) for name, value, _ in rows(f"What {algorithm} puts in")}
    assert listed == MADE[algorithm].agent_class.default_sampling


@pytest.mark.parametrize("algorithm", MADE)
def test_the_page_has_the_networks_of_an_algorithm(algorithm):
    sentence = re.search(r"^Its networks? (?:is|are) .*?(?=\. |\.$)", section(f"`{algorithm}Params`"), re.MULTILINE | re.DOTALL)
    said = {name: eval(text, dict(FACTORIES)) for name, text in re.findall(r"`(\w+)=(.+?)`", sentence[0])}
    agent = MADE[algorithm].agent_class()
    fields = {each.name for each in attrs.fields(type(agent))} - {
        "params",
        "memory",
        "optim_factory",
        "role_optimizers",
        "policy_wrappers",
        "buffer_factory",
        "compile",
    }
    assert said == {name: getattr(agent, name) for name in fields}


@pytest.mark.parametrize("algorithm", MADE)
def test_the_methods_that_the_page_names_are_those_of_the_builder(algorithm):
    methods = re.findall(r"`(with_\w+)\(", section(f"`{algorithm}Params`").partition("\n| ")[0])
    assert methods
    assert set(methods) <= set(dir(MADE[algorithm]))
