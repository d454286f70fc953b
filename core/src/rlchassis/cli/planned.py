"""From the arguments of `train` to an Experiment."""

from __future__ import annotations

import argparse
from typing import Any

from rlchassis.cli.allowed import allowed, asking_to_allow, look_here
from rlchassis.cli.settings import is_stored_experiment, parse_settings, read_config
from rlchassis.cli.used_recipe import recipe_line
from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, plan
from rlchassis.experiment.settings import is_options
from rlchassis.registry import installed, split_role

SAME = {
    "steps": "steps",
    "seed": "config.seed",
    "device": "config.device",
    "dir": "config.persistence_base_dir",
    "buffer": "buffer",
}
"""Options and the settings that they are aliases of."""


def planned(arguments: argparse.Namespace) -> tuple[Experiment, str]:
    """The experiment, and a log line about its recipe or stored configuration."""
    settings, assigned = read_config(arguments.config) if arguments.config else {}, parse_settings(arguments.settings)
    _require_said_once(arguments, assigned)
    stored = arguments.config if is_stored_experiment(settings) else None
    _require_whole(arguments, stored)
    _require_order(arguments.algorithm, arguments.env)
    if ":" in (arguments.env or ""):
        _require_module(arguments.env)
        look_here()
    config = {"device": arguments.device, "persistence_base_dir": arguments.dir}
    with asking_to_allow():
        experiment = plan(
            arguments.algorithm,
            arguments.env,
            steps=arguments.steps,
            seed=arguments.seed,
            recipe=arguments.recipe,
            settings=[*([] if stored else [settings]), {} if arguments.buffer is None else {"buffer": arguments.buffer}, assigned],
            optimizer=arguments.optimizer,
            loggers=arguments.logger,
            wrappers=arguments.wrapper,
            extensions=arguments.extensions,
            stop=arguments.stop,
            experiment=stored,
            allow=allowed(arguments.allow),
            **{name: value for name, value in config.items() if value is not None},
        )
    if stored:
        return experiment, f"using the experiment in {stored}"
    return experiment, recipe_line(arguments.algorithm, arguments.env, arguments.recipe, experiment)


def _require_said_once(arguments: argparse.Namespace, assigned: dict[str, Any]) -> None:
    """UsageError if an option and --set set the same thing."""
    for option, key in SAME.items():
        section, _, name = key.rpartition(".")
        table = assigned.get(section, {}) if section else assigned
        if getattr(arguments, option) is not None and isinstance(table, dict) and name in table:
            raise UsageError(f"--{option} and --set {key} set the same thing; use one of them.")
    by_role = assigned.get("role_optimizers")
    named = [role for role, each in by_role.items() if not is_options(each)] if isinstance(by_role, dict) else []
    for role in [role for role, _ in map(split_role, arguments.optimizer)]:
        key = f"role_optimizers.{role}" if role else "optimizer"
        if role in named if role else key in assigned:
            raise UsageError(f"--optimizer and --set {key} set the same thing; use one of them.")


def _require_module(env: str) -> None:
    """UsageError if a file is given instead of a module."""
    file, _, name = env.partition(":")
    if file.endswith(".py"):
        module = file.removesuffix(".py").removeprefix("./").replace("/", ".")
        raise UsageError(f"expected a module before the colon, got the file {file}; write {module}:{name}.")


def _require_order(algorithm: str | None, env: str | None) -> None:
    """UsageError if algorithm and environment are in the wrong order."""
    names = {plugin.name for plugin in installed() if plugin.kind == "algorithm"}
    if env in names and algorithm not in names:
        raise UsageError(f"the algorithm comes before the environment: rlchassis train {env} {algorithm}.")


def _require_whole(arguments: argparse.Namespace, stored: str | None) -> None:
    """UsageError unless algorithm and environment are given; a stored experiment has both."""
    missing = [name.upper() for name in ("algorithm", "env") if getattr(arguments, name) is None]
    if missing and not stored:
        raise UsageError(f"the following arguments are required: {', '.join(missing)}; see `rlchassis train --help`.")
    if arguments.allow and not stored:
        raise UsageError("--allow is only used with a stored experiment (--config experiment.json); leave it out.")
