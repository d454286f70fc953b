"""Epilog of `rlchassis train ALGORITHM --help`: settings for --set, and options of the named components."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from rlchassis.cli.field_docs import documented
from rlchassis.cli.option_help import Row, laid_out, options_of
from rlchassis.experiment import ExperimentConfig, SamplingConfig
from rlchassis.experiment.named import stop_component
from rlchassis.experiment.settings import FIXED_BY_STEPS, short_names
from rlchassis.experiment.tuned import recipes_of
from rlchassis.registry import Component, component_of, load, split_role
from rlchassis.registry.kinds import noun
from rlchassis.registry.wording import listed

WITH_OPTION = ("seed", "device", "persistence_base_dir")
NAMED = {"optimizer": "optimizer", "buffer": "buffer", "logger": "logger", "wrapper": "policy_wrapper", "extensions": "extension"}
"""Arguments that name components, and their kinds."""


class HelpOfAlgorithm(argparse.Action):
    """--help, with the settings of the algorithm and the options of components named before it."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=options.get("help"))

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Print the help and exit."""
        if algorithm := getattr(namespace, "algorithm", None):
            parser.formatter_class = argparse.RawDescriptionHelpFormatter
            parser.epilog = "\n".join([*settings_of(algorithm), *_options_of_named(namespace)])
        parser.print_help()
        parser.exit()


def settings_of(algorithm: str) -> Iterator[str]:
    """Lines with each setting, its default and its documentation."""
    builder = load("algorithm", algorithm)
    agent = builder.agent_class()
    yield from laid_out([(f"settings of {algorithm}, with their defaults, for --set KEY=VALUE and --config:", "", "")], indent=0)
    yield from laid_out([*_of_agent(agent), *_sampling(agent), *_config()])
    yield from ("", *laid_out([(f"recipes of {algorithm}: {listed(recipes_of(builder))}", "", "")], indent=0))


def _of_agent(agent: Any) -> Iterator[Row]:
    """Settings of the agent, under the short names of networks, optimizer and wrappers."""
    short = {names[0]: name for name, names in short_names(type(agent)).items() if len(names) == 1}
    for name, default, sentence in documented(agent):
        first, dot, rest = name.partition(".")
        yield f"{short.get(first, first)}{dot}{rest}", default, sentence


def _sampling(agent: Any) -> Iterator[Row]:
    """Sampling settings, with the algorithm's defaults; without those computed from --steps."""
    defaults = {**agent.default_sampling, "step_per_epoch": "steps/20"}
    for name, default, doc in documented(SamplingConfig(), "sampling."):
        field = name.removeprefix("sampling.")
        if field not in FIXED_BY_STEPS and field not in agent.trainer_class.refused:
            yield name, str(defaults.get(field, default)), doc


def _config() -> Iterator[Row]:
    """Settings of config that have no command-line option."""
    for name, default, doc in documented(ExperimentConfig(watch=False), "config."):
        if name.removeprefix("config.") not in WITH_OPTION:
            yield name, default, doc


def _options_of_named(namespace: argparse.Namespace) -> Iterator[str]:
    for component in _named(namespace):
        yield from (
            "",
            *laid_out([(f"options of {noun(component.kind)} {component.name}, as in NAME:OPTION=VALUE,OPTION=VALUE:", "", "")], 0),
        )
        yield from laid_out(options_of(load(component.kind, component.name)))


def _named(namespace: argparse.Namespace) -> Iterator[Component]:
    for argument, kind in NAMED.items():
        given = getattr(namespace, argument, None) or []
        for each in [given] if isinstance(given, str) else given:
            yield component_of(kind, split_role(each)[1] if kind == "optimizer" else each)
    yield from map(stop_component, getattr(namespace, "stop", None) or [])
