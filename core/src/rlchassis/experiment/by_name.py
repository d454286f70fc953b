"""Experiments by the names of their parts: what the command line's `train` does, for Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.envs import EnvFactoryRegistered
from rlchassis.errors import UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.recipe import Experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.experiment.tuned import chosen_recipe
from rlchassis.persistence.recipe_changes import amended
from rlchassis.persistence.recipe_data import to_data
from rlchassis.registry import Component, load
from rlchassis.registry.wording import listed, setting_meant

EPOCHS = 20
"""Into how many epochs a number of steps is cut where nobody says otherwise."""
LISTS = ("wrappers", "loggers", "extensions")
"""Settings that are lists of names."""
RECIPE_KEYS = ("steps", "optimizer", *LISTS)
SECTIONS = ("sampling", "config", "env")
"""What settings may hold, with RECIPE_KEYS, beside the fields of the agent's recipe."""
FIXED_BY_STEPS = ("num_epochs", "max_steps")
"""Settings of sampling that the number of steps decides."""
ENV_FACTORY_SETTINGS = tuple(a.name for a in attrs.fields(EnvFactoryRegistered) if a.name not in ("task", "make_kwargs"))
"""Settings of env that say how environments are run; the others go to gymnasium.make."""


def plan(
    algorithm: str,
    env: str,
    *,
    steps: int | None = None,
    seed: int | None = None,
    recipe: str | None = None,
    settings: Mapping[str, Any] | Iterable[Mapping[str, Any]] = (),
    optimizer: str | None = None,
    loggers: Sequence[str] = (),
    wrappers: Sequence[str] = (),
    extensions: Sequence[str] = (),
    **config: Any,
) -> Experiment:
    """The experiment that these names mean: the recipe of the pair, changed by the settings, several in turn, then by the rest.

    Settings are nested: {"params": {"lr": 1e-3}, "sampling": {"num_train_envs": 8}, "env": {"venv_type": "subproc", "g": 9.0}}.
    UsageError for a name that is not there, or where neither recipe nor call says how many steps.
    """
    _check_names(algorithm, env, loggers=loggers, wrappers=wrappers, extensions=extensions)
    builder_class: type[ExperimentBuilder[Any]] = load("algorithm", algorithm)
    layers = [settings] if isinstance(settings, Mapping) else settings
    asked = _merged([chosen_recipe(algorithm, builder_class, env, recipe), *layers])
    _check_settings(asked, builder_class)
    steps = asked.get("steps") if steps is None else steps
    if steps is None:
        raise UsageError(f"{algorithm} has no recipe for {env}, so say how long to train: --steps 100000.")
    builder = builder_class(_environments(env, asked.get("env", {})))
    if optimizer := optimizer or asked.get("optimizer"):
        builder.with_optim_factory(Component("optimizer", optimizer).create())
    for name in (*asked.get("loggers", ()), *loggers):
        builder.with_logger_factory(Component("logger", name).create())
    for name in dict.fromkeys((*asked.get("wrappers", ()), *wrappers)):
        builder.with_policy_wrapper_factory(Component("policy_wrapper", name).create())
    for name in (*asked.get("extensions", ()), *extensions):
        builder.with_extension(name)
    experiment = builder.build()
    told = {"watch": False, **asked.get("config", {}), **to_data(config), **({} if seed is None else {"seed": seed})}
    return attrs.evolve(
        experiment,
        config=amended(experiment.config, told),
        sampling_config=_sampling(steps, asked.get("sampling", {})),
        agent_factory=amended(experiment.agent_factory, {key: asked[key] for key in asked if key not in (*RECIPE_KEYS, *SECTIONS)}),
    )


def train(algorithm: str, env: str, *, name: str | None = None, **options: Any) -> ExperimentResult:
    """Train as `rlchassis train` does; options are those of `plan`."""
    return plan(algorithm, env, **options).run(name)


def _check_names(algorithm: object, env: object, **lists: object) -> None:
    for what, name in (("algorithm", algorithm), ("environment", env)):
        if not isinstance(name, str):
            raise UsageError(f"an {what} is told by its name here, not as {name!r}; a builder takes others.")
    for key, names in lists.items():
        _require_names(key, names)


def _require_names(key: str, value: object) -> None:
    if not (isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)):
        raise UsageError(f"{key} is a list of names, not {value!r}.")


def _check_settings(asked: Mapping[str, Any], builder_class: type[ExperimentBuilder[Any]]) -> None:
    known = (*RECIPE_KEYS, *SECTIONS, *(a.name for a in attrs.fields(builder_class.agent_class)))
    for key, value in asked.items():
        if key not in known:
            hint = setting_meant(key, (*known, *_within_sections(builder_class))) or f" There are: {listed(known)}."
            raise UsageError(f'there is no setting "{key}".{hint}')
        if key in SECTIONS and not isinstance(value, Mapping):
            raise UsageError(f"{key} is a table of settings, not {value!r}; say which one is meant, such as {key}.NAME.")
        if key in LISTS:
            _require_names(key, value)
        if key == "optimizer" and not isinstance(value, str):
            raise UsageError(f"optimizer is a name, not {value!r}; its options are set as optim_factory.NAME.")


def _within_sections(builder_class: type[ExperimentBuilder[Any]]) -> list[str]:
    """The settings of sampling, config and the parts of the agent's recipe, by dotted name."""
    agent = builder_class.agent_class()
    of_agent = {a.name: type(getattr(agent, a.name)) for a in attrs.fields(type(agent))}
    classes = {"sampling": SamplingConfig, "config": ExperimentConfig, **of_agent}
    names = ((name, a.alias) for name, cls in classes.items() if attrs.has(cls) for a in attrs.fields(cls))
    return [f"{section}.{name}" for section, name in names if name not in FIXED_BY_STEPS]


def _environments(env: str, settings: Mapping[str, Any]) -> EnvFactoryRegistered:
    own = {key: value for key, value in settings.items() if key in ENV_FACTORY_SETTINGS}
    arguments = {key: value for key, value in settings.items() if key not in ENV_FACTORY_SETTINGS}
    return amended(EnvFactoryRegistered(env, make_kwargs=arguments), own)


def _sampling(steps: Any, changes: Mapping[str, Any]) -> SamplingConfig:
    """Exactly `steps` environment steps, in epochs as asked for, or in twenty."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps must be a whole number of at least 1, not {steps!r}.")
    for name in FIXED_BY_STEPS:
        if name in changes:
            raise UsageError(f"sampling.{name} follows from steps and sampling.step_per_epoch; set those instead.")
    sampling = amended(SamplingConfig(step_per_epoch=math.ceil(steps / EPOCHS)), changes)
    return attrs.evolve(sampling, num_epochs=math.ceil(steps / sampling.step_per_epoch), max_steps=steps)


def _merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Nested settings, the later over the earlier."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            before = result.get(key)
            if isinstance(before, Mapping) and isinstance(value, Mapping):
                result[key] = _merged([before, value])
            else:
                result[key] = value
    return result
