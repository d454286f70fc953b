"""The page of parameters says what the code says."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from rlchassis import experiment
from rlchassis.action_critics import ActionCriticFactoryDefault
from rlchassis.cli.field_docs import documented
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.modules import ActorFactoryDefault, CriticFactoryDefault, IntermediateModuleFactoryDefault
from rlchassis_adam import OptimizerFactoryAdam

MADE = [getattr(experiment, name) for name, short in experiment.BUILDERS.items() if find_spec(f"rlchassis_{short.replace('-', '_')}")]
PAGE = (Path(__file__).parents[2] / "docs" / "params.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its head left out."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\| `.*\|$", section, re.MULTILINE)]


@pytest.mark.parametrize(
    "recipe",
    [
        *(type(builder.agent_class().params) for builder in MADE),
        IntermediateModuleFactoryDefault,
        ActorFactoryDefault,
        CriticFactoryDefault,
        ActionCriticFactoryDefault,
        OptimizerFactoryAdam,
        SamplingConfig,
        ExperimentConfig,
    ],
)
def test_the_page_has_every_field_with_its_default_and_its_sentence(recipe):
    listed = rows(f"`{recipe.__name__}`")
    assert [tuple(row[:3]) for row in listed] == [(f"`{name}`", default, sentence) for name, default, sentence in documented(recipe())]
    assert all(len(row) == 4 and row[3] for row in listed)


@pytest.mark.parametrize("builder", MADE)
def test_the_page_has_what_an_algorithm_puts_in(builder):
    listed = {name.strip("`"): int(value) for name, value, _ in rows(f"What {builder.__name__.removesuffix('ExperimentBuilder')} puts in")}
    assert listed == builder.agent_class.suited_sampling
