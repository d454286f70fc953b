"""Experiments by the names of their parts: what the command line's `train` does, for Python."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import attrs

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.envs import EnvFactoryRegistered
from rlchassis.errors import UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.recipe import Experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.persistence import amended
from rlchassis.registry import Component, load
from rlchassis.registry.wording import did_you_mean

EPOCHS = 20
"""Into how many epochs a number of steps is cut where nobody says otherwise."""
RECIPE_KEYS = ("steps", "wrappers", "optimizer", "loggers", "extensions")
"""What a recipe file may hold beside the sections sampling, config, env and those of the agent."""


def recipes_of(builder: type[ExperimentBuilder[Any]]) -> dict[str, dict[str, Any]]:
    """The tuned settings that an algorithm's distribution ships in recipes.toml, by environment id; none where it ships none."""
    file = files(builder.__module__.partition(".")[0]) / "recipes.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def chosen_recipe(algorithm: str, builder: type[ExperimentBuilder[Any]], env: str, name: str | None) -> dict[str, Any]:
    """The recipe of a name; without a name the environment's own, if there is one; "none": nothing."""
    recipes = recipes_of(builder)
    if name is None or name == "none":
        return recipes.get(env, {}) if name is None else {}
    if name not in recipes:
        hint = did_you_mean(name, recipes) or f" It has: {', '.join(recipes) or 'none'}."
        raise UsageError(f'{algorithm} has no recipe "{name}".{hint}')
    return recipes[name]


def plan(
    algorithm: str,
    env: str,
    *,
    steps: int | None = None,
    seed: int | None = None,
    recipe: str | None = None,
    settings: Iterable[Mapping[str, Any]] = (),
    optimizer: str | None = None,
    loggers: Iterable[str] = (),
    wrappers: Iterable[str] = (),
    extensions: Iterable[str] = (),
    **config: Any,
) -> Experiment:
    """The experiment that these names mean: the recipe of the pair, changed by each of the settings in turn, then by the rest.

    Settings are nested: {"params": {"lr": 1e-3}, "sampling": {"num_train_envs": 8}, "env": {"g": 9.0}}. UsageError for a name
    that is not there, or where neither recipe nor call says how many steps.
    """
    builder_class: type[ExperimentBuilder[Any]] = load("algorithm", algorithm)
    layers = [chosen_recipe(algorithm, builder_class, env, recipe), *settings]
    asked = _merged([{key: layer[key] for key in RECIPE_KEYS if key in layer} for layer in layers])
    changes = [{key: value for key, value in layer.items() if key not in RECIPE_KEYS} for layer in layers]
    steps = steps or asked.get("steps")
    if steps is None:
        raise UsageError(f"{algorithm} has no recipe for {env}, so say how long to train: --steps 100000.")
    sections = _merged(changes)
    return _assembled(
        builder_class(EnvFactoryRegistered(env, make_kwargs=sections.pop("env", {}))),
        sampling=_sampling(steps, sections.pop("sampling", {})),
        config={"watch": False, **sections.pop("config", {}), **config, **({} if seed is None else {"seed": seed})},
        agent=sections,
        optimizer=optimizer or asked.get("optimizer"),
        loggers=[*asked.get("loggers", ()), *loggers],
        wrappers=[*asked.get("wrappers", ()), *wrappers],
        extensions=[*asked.get("extensions", ()), *extensions],
    )


def train(algorithm: str, env: str, *, name: str | None = None, **options: Any) -> ExperimentResult:
    """Train as `rlchassis train` does; options are those of `plan`."""
    return plan(algorithm, env, **options).run(name)


def _assembled(
    builder: ExperimentBuilder[Any],
    sampling: SamplingConfig,
    config: dict[str, Any],
    agent: dict[str, Any],
    optimizer: str | None,
    loggers: Iterable[str],
    wrappers: Iterable[str],
    extensions: Iterable[str],
) -> Experiment:
    if optimizer:
        builder.with_optim_factory(Component("optimizer", optimizer).create())
    for name in loggers:
        builder.with_logger_factory(Component("logger", name).create())
    for name in dict.fromkeys(wrappers):
        builder.with_policy_wrapper_factory(Component("policy_wrapper", name).create())
    for name in extensions:
        builder.with_extension(name)
    experiment = builder.build()
    return attrs.evolve(
        experiment,
        config=amended(ExperimentConfig(), config),
        sampling_config=sampling,
        agent_factory=amended(experiment.agent_factory, agent),
    )


def _sampling(steps: int, changes: Mapping[str, Any]) -> SamplingConfig:
    """Exactly `steps` environment steps, in epochs as asked for, or in twenty."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps must be a whole number of at least 1, not {steps!r}.")
    sampling = amended(SamplingConfig(step_per_epoch=math.ceil(steps / EPOCHS)), changes)
    return attrs.evolve(sampling, num_epochs=math.ceil(steps / sampling.step_per_epoch), max_steps=steps)


def _merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Nested settings, the later over the earlier."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            before = result.get(key)
            both = isinstance(value, Mapping) and isinstance(before, Mapping)
            result[key] = _merged([before, value]) if both else value
    return result
