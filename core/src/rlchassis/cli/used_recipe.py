"""One-line description of a recipe: its non-default settings, as used in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from rlchassis.cli.shown import shown
from rlchassis.envs import env_factory_named
from rlchassis.experiment import Experiment, plan
from rlchassis.experiment.changed import logger_factories
from rlchassis.experiment.settings import is_table_of_options, short_names
from rlchassis.experiment.tuned import chosen_recipe
from rlchassis.registry import Component, load

Path = tuple[str, ...]


def recipe_line(algorithm: str, env: str, name: str | None, experiment: Experiment) -> str:
    """First log line of `train`: each setting of the recipe, with its value in the experiment."""
    recipe = chosen_recipe(algorithm, load("algorithm", algorithm), env_factory_named(env), name)
    if not recipe:
        return "using no recipe"
    plain = plan(algorithm, env, recipe="none", steps=1)
    tuned = plan(algorithm, env, recipe=name, steps=recipe.get("steps", experiment.sampling_config.total_steps))
    settings = [_setting(path, plain, tuned, experiment) for path in _leaves(recipe)]
    return f"using recipe {name or env}: {', '.join(filter(None, settings))}"


def _setting(path: Path, plain: Experiment, tuned: Experiment, used: Experiment) -> str:
    """KEY=VALUE, with the recipe's value if it was overridden; empty for a default."""
    default, proposed, taken = (shown(_value(experiment, path)) for experiment in (plain, tuned, used))
    if taken != proposed:
        return f"{'.'.join(path)}={taken} (recipe: {proposed})"
    return "" if proposed == default else f"{'.'.join(path)}={taken}"


def _leaves(table: Mapping[str, Any], prefix: Path = ()) -> Iterator[Path]:
    for key, value in table.items():
        if is_table_of_options(value):
            yield from _leaves(value, (*prefix, key))
        else:
            yield (*prefix, key)


def _value(experiment: Experiment, path: Path) -> Any:
    """Value of a setting in an experiment."""
    first, *rest = path
    found: Any = _beginning(experiment, first)
    for name in rest:
        found = _within(found, name)
    return found


def _beginning(experiment: Experiment, key: str) -> Any:
    sampling = experiment.sampling_config
    env: Any = experiment.env_factory
    others = {
        "steps": sampling.total_steps,
        "sampling": sampling,
        "config": experiment.config,
        "env": {**attrs.asdict(env, recurse=False), **getattr(env, "make_kwargs", {})},
        "loggers": logger_factories(experiment.logger_factory),
        "stop": experiment.callbacks.stop,
        "extensions": experiment.extensions,
    }
    agent = experiment.agent_factory
    return others[key] if key in others else getattr(agent, short_names(type(agent)).get(key, [key])[0])


def _within(found: Any, name: str) -> Any:
    """A field or option; of several parts, such as two critics, their common value, or all values."""
    if isinstance(found, tuple):
        values = [_within(each, name) for each in found]
        return values[0] if all(value == values[0] for value in values) else values
    if isinstance(found, Component):
        return found.options.get(name)
    return found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
