"""What `rlchassis train ALGORITHM --help` tells beside the options: the settings that --set changes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from rlchassis.cli.field_docs import documented
from rlchassis.experiment import ExperimentConfig, SamplingConfig
from rlchassis.experiment.by_name import FIXED_BY_STEPS
from rlchassis.experiment.tuned import recipes_of
from rlchassis.registry import load
from rlchassis.registry.wording import listed

WITH_OPTION = ("seed", "device", "persistence_base_dir")


class HelpOfAlgorithm(argparse.Action):
    """--help, with the settings of the algorithm where one was named before it."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=options.get("help"))

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Print and leave."""
        algorithm = getattr(namespace, "algorithm", None)
        if algorithm:
            parser.formatter_class = argparse.RawDescriptionHelpFormatter
            parser.epilog = "\n".join(settings_of(algorithm))
        parser.print_help()
        parser.exit()


def settings_of(algorithm: str) -> Iterator[str]:
    """One line per setting: its name, its default, and what it means."""
    builder = load("algorithm", algorithm)
    agent = builder.agent_class()
    yield f"settings of {algorithm}, with their defaults, for --set KEY=VALUE and --config:"
    yield from _aligned([*documented(agent), *_sampling(agent), *_config()])
    yield ""
    yield f"recipes of {algorithm}: {listed(recipes_of(builder))}"


def _sampling(agent: Any) -> Iterator[tuple[str, str, str]]:
    """With what suits the algorithm where the user says nothing; --steps says how long to train."""
    suited = {**agent.suited_sampling, "step_per_epoch": "steps/20"}
    for name, default, doc in documented(SamplingConfig(), "sampling."):
        field = name.removeprefix("sampling.")
        if field not in FIXED_BY_STEPS and field not in agent.trainer_class.refused:
            yield name, str(suited.get(field, default)), doc


def _config() -> Iterator[tuple[str, str, str]]:
    """Those without an option of their own."""
    for name, default, doc in documented(ExperimentConfig(watch=False), "config."):
        if name.removeprefix("config.") not in WITH_OPTION:
            yield name, default, doc


def _aligned(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    name_width, default_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, default, doc in rows:
        yield f"  {name:<{name_width}}  {default:<{default_width}}  {doc}".rstrip()
