"""Experiments by the names of their components: `rlchassis train` for Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from rlchassis.config import SamplingConfig
from rlchassis.envs import EnvFactoryRegistered, checked_spec, env_factory_named
from rlchassis.errors import UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.changed import changed, require_steps
from rlchassis.experiment.experiment import Experiment
from rlchassis.experiment.rerun import continued, require_same_names, stored_at
from rlchassis.experiment.settings import full_names, is_options, is_table_of_options, merged, optimizer_settings, require_list
from rlchassis.experiment.tuned import chosen_recipe
from rlchassis.registry import component_of, load
from rlchassis.run.result import ExperimentResult
from rlchassis.storage.spec.encoding import to_data
from rlchassis.training.agent import AgentFactory, check_spaces

EPOCHS = 20
"""Default number of epochs that a run of `steps` is divided into."""
Settings = Mapping[str, Any]
Name = str | Mapping[str, Any]
"""A component with or without options: "csv", "csv:flush_every=10" or {"name": "csv", "flush_every": 10}."""


def plan(
    algorithm: str | None = None,
    env: str | None = None,
    *,
    steps: int | None = None,
    seed: int | None = None,
    recipe: str | None = None,
    settings: Settings | Iterable[Settings] = (),
    optimizer: Name | Sequence[Name] | None = None,
    loggers: Sequence[Name] = (),
    wrappers: Sequence[Name] = (),
    extensions: Sequence[Name] = (),
    stop: Sequence[Name] = (),
    experiment: Experiment | str | Path | None = None,
    allow: Iterable[Any] = (),
    **config: Any,
) -> Experiment:
    """Configure an experiment by name: the recipe of algorithm and environment, then the settings in order, then the other arguments.

    Settings are nested: {"params": {"lr": 1e-3}, "sampling": {"num_train_envs": 8}, "env": {"venv_type": "subproc", "g": 9.0}}.
    Loggers, wrappers, extensions and stop callbacks are added to those of recipe and settings. A stored `experiment`, given by its
    run directory or file, replaces algorithm, environment and recipe; classes and functions of your own in it are passed in `allow`.
    `optimizer` may name one for all roles and others for single roles: ["adam", "critic=rmsprop:alpha=0.95"].
    UsageError for an unknown name, and where neither arguments nor recipe set the number of steps.
    """
    added = {"loggers": loggers, "wrappers": wrappers, "extensions": extensions, "stop": stop}
    for key, names in added.items():
        require_list(key, names)
    if experiment is None:
        before, tuned = _default_experiment(algorithm, env, recipe)
    else:
        before, tuned = stored_at(experiment, allow), {}
        require_same_names(before, algorithm, env, recipe)
    asked = _merged_settings(before.agent_factory, [tuned, *_layers(settings)], optimizer, {"steps": steps, "seed": seed}, config)
    if experiment is None:
        before = _in_epochs(before, asked.get("steps"))
    planned = changed(before, asked, **added)
    if experiment is None and "steps" not in asked:
        _require_supported_spaces(planned)
        raise UsageError(f"{_no_steps(algorithm, env, recipe, tuned)} set the number of steps: --steps 100000.")
    return continued(before, planned)


def train(algorithm: str | None = None, env: str | None = None, *, name: str | None = None, **options: Any) -> ExperimentResult:
    """Train as `rlchassis train` does; `name` is that of the run directory, options are those of `plan`."""
    return plan(algorithm, env, **options).run(name)


def _default_experiment(algorithm: object, env: object, recipe: str | None) -> tuple[Experiment, Settings]:
    """The default experiment, and the settings of its recipe."""
    for what, name in (("algorithm", algorithm), ("environment", env)):
        if not isinstance(name, str):
            raise UsageError(f"expected the name of an {what}, got {name!r}; an ExperimentBuilder takes objects.")
    builder_class: type[ExperimentBuilder[Any]] = load("algorithm", str(algorithm))
    factory = env_factory_named(str(env))
    if isinstance(factory, EnvFactoryRegistered):
        checked_spec(factory.task)
    return builder_class(factory).build(), chosen_recipe(str(algorithm), builder_class, factory, recipe)


def _layers(settings: Settings | Iterable[Settings]) -> list[Settings]:
    layers = [settings] if isinstance(settings, Mapping | str) else list(settings)
    for layer in layers:
        if not isinstance(layer, Mapping):
            raise UsageError(f'expected settings as a nested table, such as {{"params": {{"lr": 1e-3}}}}, got {layer!r}.')
    return layers


def _merged_settings(
    agent: AgentFactory, layers: Iterable[Settings], optimizer: Name | Sequence[Name] | None, last: Settings, config: Settings
) -> dict[str, Any]:
    """All settings merged into one table, with short names replaced by field names."""
    tuned, *own = layers
    chosen = optimizer_settings(optimizer)
    named = [full_names(layer, agent) for layer in (chosen, *(_without(layer, chosen) for layer in own))]
    for name in (*filter(None, [chosen.get("optimizer")]), *chosen.get("role_optimizers", {}).values()):
        component_of("optimizer", name).load()
    if "optimizer" in chosen and not all(is_table_of_options(layer.get("optim_factory", {})) for layer in named[1:]):
        raise UsageError(
            f"the optimizer is given twice, as {chosen['optimizer']!r} and in the setting optim_factory; leave one of them out."
        )
    seed = {} if last["seed"] is None else {"seed": last["seed"]}
    steps = {} if last["steps"] is None else {"steps": last["steps"]}
    first = {"config": {"watch": False}}
    return merged([first, full_names(tuned, agent), *named, {"config": {**to_data(config), **seed}, **steps}])


def _without(layer: Settings, chosen: Settings) -> dict[str, Any]:
    """Settings without those of optimizers that are chosen otherwise; options of chosen ones stay."""
    kept = {key: value for key, value in layer.items() if not (key == "optimizer" and key in chosen)}
    roles, by_role = chosen.get("role_optimizers", {}), kept.get("role_optimizers")
    if roles and isinstance(by_role, Mapping):
        kept["role_optimizers"] = {role: each for role, each in by_role.items() if role not in roles or is_options(each)}
    return kept


def _in_epochs(experiment: Experiment, steps: Any) -> Experiment:
    if steps is None:
        return experiment
    require_steps(steps)
    return attrs.evolve(experiment, sampling_config=SamplingConfig(step_per_epoch=math.ceil(steps / EPOCHS)))


def _no_steps(algorithm: object, env: object, recipe: str | None, tuned: Settings) -> str:
    if recipe == "none":
        return "without a recipe,"
    if tuned:
        return f"the recipe {recipe or env} of {algorithm} sets no number of steps, so"
    return f"{algorithm} has no recipe for {env}, so"


def _require_supported_spaces(experiment: Experiment) -> None:
    """UnsupportedSpaceError if the algorithm does not support the spaces; skipped with extensions, which may change them."""
    if experiment.extensions:
        return
    envs = experiment.env_factory.create_envs(1, 0)
    try:
        check_spaces(experiment.agent_factory, envs)
    finally:
        envs.close()
