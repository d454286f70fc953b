"""Copies of experiments with settings applied and components added by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from rlchassis.config import SamplingConfig
from rlchassis.errors import UsageError
from rlchassis.experiment.amended import amended
from rlchassis.experiment.experiment import Experiment
from rlchassis.experiment.named import components, joined, parts, stops
from rlchassis.experiment.settings import FIXED_BY_STEPS, LISTS, SECTIONS
from rlchassis.registry import Component
from rlchassis.training.agent import AgentFactory, PolicyWrapperFactory
from rlchassis.training.callbacks import Callbacks
from rlchassis.training.loggers import LoggerFactory, LoggerFactorySeveral

Names = Iterable[Any]
"""Components by name, with or without options."""


def changed(
    experiment: Experiment, settings: Mapping[str, Any], *, loggers: Names, wrappers: Names, extensions: Names, stop: Names
) -> Experiment:
    """Apply settings, whose lists replace the previous ones, and add the named components."""
    agent = {key: value for key, value in settings.items() if key not in ("steps", *LISTS, *SECTIONS)}
    return attrs.evolve(
        experiment,
        config=amended(experiment.config, settings.get("config", {})),
        env_factory=_env_factory(experiment.env_factory, settings.get("env", {})),
        agent_factory=_agent_factory(experiment.agent_factory, agent, wrappers),
        sampling_config=_sampling(experiment.sampling_config, settings.get("steps"), settings.get("sampling", {})),
        logger_factory=_logger_factory(experiment.logger_factory, settings.get("loggers"), loggers),
        callbacks=_callbacks(experiment.callbacks, settings.get("stop"), stop),
        extensions=_extensions(experiment.extensions, settings.get("extensions"), extensions),
    )


def require_steps(steps: object) -> None:
    """UsageError unless it is a positive int."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps must be a whole number of at least 1, got {steps!r}.")


def _sampling(before: SamplingConfig, steps: int | None, changes: Mapping[str, Any]) -> SamplingConfig:
    """Sampling configuration of exactly `steps` environment steps, or as many as before, with changes."""
    for name in FIXED_BY_STEPS:
        if name in changes:
            raise UsageError(f"sampling.{name} follows from steps and sampling.step_per_epoch; set those instead.")
    if steps is None and not changes:
        return before
    if steps is not None:
        require_steps(steps)
    total = before.total_steps if steps is None else steps
    sampling = amended(before, changes)
    return attrs.evolve(sampling, num_epochs=math.ceil(total / sampling.step_per_epoch), max_steps=total)


def _env_factory(before: Any, changes: Mapping[str, Any]) -> Any:
    if not changes:
        return before
    if not attrs.has(type(before)):
        raise UsageError(f"{type(before).__name__} has no settings that can be changed by name; leave out env.{next(iter(changes))}.")
    arguments = getattr(before, "make_kwargs", None)
    if arguments is None:
        return amended(before, changes)
    fields = {a.name for a in attrs.fields(type(before))} - {"task", "make_kwargs"}
    own = {key: value for key, value in changes.items() if key in fields}
    others = {key: value for key, value in changes.items() if key not in fields}
    return attrs.evolve(amended(before, own), make_kwargs={**arguments, **others})


def _agent_factory(before: AgentFactory, changes: dict[str, Any], wrappers: Names) -> AgentFactory:
    listed = changes.pop("policy_wrappers", None)
    inner: Names = before.policy_wrappers if listed is None else parts(PolicyWrapperFactory, listed)
    return attrs.evolve(amended(before, changes), policy_wrappers=joined(inner, parts(PolicyWrapperFactory, wrappers)))


def logger_factories(description: LoggerFactory | Component | None) -> tuple[LoggerFactory | Component, ...]:
    """Logger factories of a configuration as a tuple."""
    if isinstance(description, LoggerFactorySeveral):
        return description.factories
    return () if description is None else (description,)


def _logger_factory(before: LoggerFactory | Component | None, listed: Names | None, added: Names) -> LoggerFactory | Component | None:
    first = logger_factories(before) if listed is None else parts(LoggerFactory, listed)
    factories = joined(first, parts(LoggerFactory, added))
    if len(factories) < 2:
        return factories[0] if factories else None
    return LoggerFactorySeveral(factories)


def _callbacks(before: Callbacks, listed: Names | None, added: Names) -> Callbacks:
    return attrs.evolve(before, stop=joined(before.stop if listed is None else stops(listed), stops(added)))


def _extensions(before: tuple[Component, ...], listed: Names | None, added: Names) -> tuple[Component, ...]:
    return joined(before if listed is None else components("extension", listed), components("extension", added))
