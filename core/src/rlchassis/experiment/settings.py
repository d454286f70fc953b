"""Nested settings from `--set`, files and recipes: names, short names and how layers are merged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.errors import UsageError
from rlchassis.registry import Named, installed, load, split_role
from rlchassis.registry.wording import listed, quoted, setting_meant
from rlchassis.storage.spec.encoding import TAGS
from rlchassis.training.agent import AgentFactory

LISTS = ("loggers", "extensions", "stop")
"""Settings that are lists of components, besides the agent's policy_wrappers."""
SECTIONS = ("sampling", "config", "env")
"""Settings that are tables, besides the fields of the agent."""
FIXED_BY_STEPS = ("num_epochs", "max_steps")
"""Settings of sampling that are computed from the number of steps."""
SHORT = {"optimizer": "optim_factory", "wrappers": "policy_wrappers"}
"""Short names of fields that every agent has."""


def short_names(agent_class: type[AgentFactory]) -> dict[str, list[str]]:
    """Short names and the fields that they may mean: "critic" is critic_factory, critic_factories or critic_ensemble_factory."""
    fields = [str(a.alias) for a in attrs.fields(agent_class)]
    found = {short: [field] for short, field in SHORT.items()}
    for field in fields:
        match = re.fullmatch(r"(\w+?)(_ensemble)?_factor(y|ies)", field)
        if match and match[1] not in fields and field not in SHORT.values():
            found.setdefault(match[1], []).append(field)
    return found


def full_names(settings: Mapping[str, Any], agent: AgentFactory) -> dict[str, Any]:
    """Replace short names by field names; UsageError for an unknown name, and for one field set under two names."""
    result: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for key, value in sorted(settings.items(), key=lambda item: item[0] != "optimizer"):  # the optimizer comes before its options
        name = _full_name(key, agent)
        before = spelled.setdefault(name, key)
        if before != key and not (before == "optimizer" and is_table_of_options(value)):
            raise UsageError(f'"{before}" and "{key}" set the same thing; use one of them.')
        result = merged([result, {name: _checked(key, value)}])
    return result


def _full_name(key: str, agent: AgentFactory) -> str:
    known = ("steps", *LISTS, *SECTIONS, *(str(a.alias) for a in attrs.fields(type(agent))))
    if key in known:
        return key
    short = short_names(type(agent))
    match short.get(key):
        case [field]:
            return field
        case [_, *_] as several:
            raise UsageError(f'"{key}" is short for {" and for ".join(several)} of this algorithm; write the full name of one of them.')
    names = (*known, *short)
    hint = setting_meant(key, (*names, *_within_sections(agent)))
    if not hint:
        hint = f"{of_others(lambda builder: key in attrs.fields_dict(builder.agent_class))} There are: {listed(names)}."
    raise UsageError(f'there is no setting "{key}".{hint}')


def of_others(has: Callable[[Any], bool]) -> str:
    """Sentence that names the installed algorithms whose builder has something, with a leading space; empty if there are none."""
    usable = (plugin.name for plugin in installed("algorithm") if plugin.state == "ok")
    having = [name for name in usable if has(load("algorithm", name))]
    return f" Algorithms that have it: {listed(having)}." if having else ""


def _within_sections(agent: AgentFactory) -> list[str]:
    """The settings of sampling, config and the parts of the agent, by dotted name."""
    short = {fields[0]: name for name, fields in short_names(type(agent)).items() if len(fields) == 1}
    of_agent = {short.get(a.name, a.name): type(one_of(getattr(agent, a.name))) for a in attrs.fields(type(agent))}
    classes = {"sampling": SamplingConfig, "config": ExperimentConfig, **of_agent}
    names = ((section, a.alias) for section, cls in classes.items() if attrs.has(cls) for a in attrs.fields(cls))
    return [f"{section}.{name}" for section, name in names if name not in FIXED_BY_STEPS]


def one_of(value: Any) -> Any:
    """The common value of a tuple of equal parts, such as two critics, which are set together; other values unchanged."""
    is_row = isinstance(value, tuple) and bool(value) and all(attrs.has(type(each)) and each == value[0] for each in value)
    return value[0] if is_row else value


def _checked(key: str, value: Any) -> Any:
    if key in SECTIONS and not isinstance(value, Mapping):
        raise UsageError(f"expected {key} to be a table of settings, got {value!r}; set one of them as {key}.NAME.")
    if key in (*LISTS, "wrappers", "policy_wrappers"):
        require_list(key, value)
    if key == "role_optimizers":
        return _by_role(value)
    return _optimizer(value, "optim_factory") if key == "optimizer" else value


def _by_role(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f'expected role_optimizers to be a table, such as {{critic = "adam"}}, got {value!r}; set role_optimizers.ROLE.')
    return {str(role): each if is_options(each) else _optimizer(each, f"role_optimizers.{role}") for role, each in value.items()}


def is_options(value: object) -> bool:
    """Whether it is a table of options of an optimizer, without its name."""
    return isinstance(value, Mapping) and not isinstance(value.get("name"), str)


def _optimizer(value: Any, field: str) -> Any:
    match value:
        case {"name": str(name), **options}:
            return Named(name, {str(option): each for option, each in options.items()})
        case str(text) if split_role(text)[0]:
            role, name = split_role(text)
            raise UsageError(f"{text!r} names an optimizer of one role; set role_optimizers.{role}={name}.")
        case str() | Named():
            return value
    raise UsageError(f'expected an optimizer by name, such as "adam" or "adam:eps=1e-5", got {value!r}; set its options as {field}.NAME.')


def optimizer_settings(written: Any) -> dict[str, Any]:
    """Settings of optimizers by name: one, or several with a role before the name of all but one, "critic=rmsprop"."""
    several = written if isinstance(written, list | tuple) else [] if written is None else [written]
    by_role: dict[str, Any] = {}
    for role, name in map(split_role, several):
        if role in by_role:
            whose = f"of role {quoted(role)}" if role else "of all roles"
            raise UsageError(f"two optimizers {whose} are given, {by_role[role]!r} and {name!r}; leave one of them out, or name its role.")
        by_role[role] = name
    everywhere = {"optimizer": by_role.pop("")} if "" in by_role else {}
    return {**everywhere, **({"role_optimizers": by_role} if by_role else {})}


def require_list(key: str, value: object) -> None:
    """UsageError unless it is a list of names or tables."""
    if not (isinstance(value, list | tuple) and all(isinstance(each, str | Mapping) for each in value)):
        raise UsageError(f"expected {key} to be a list of names, got {value!r}.")


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge tables, later ones first in precedence; options of a component named in an earlier table are set in it."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            result[key] = _over(result.get(key), value, free=key in SECTIONS)
    return result


def _over(before: Any, value: Any, *, free: bool) -> Any:
    """`free`: a plain table, in which no key is a tag of encoded components."""
    if not isinstance(value, Mapping) or not (free or is_table_of_options(value)):
        return value
    if free or is_table_of_options(before):
        before = before if isinstance(before, Mapping) else {}
        return {**before, **{key: _over(before.get(key), each, free=free) for key, each in value.items()}}
    return _with_options(before, value)


def _with_options(component: Any, options: Mapping[str, Any]) -> Any:
    """Set options in a component from an earlier layer, or in each of a list; without one, the options alone."""
    match component:
        case str():
            return Named(component, options)
        case Named(written=written, options=before):
            return Named(written, _over(before, options, free=False))
        case Mapping():
            return {**component, "options": _over(component.get("options", {}), options, free=False)}
        case [*several]:
            return [_with_options(each, options) for each in several]
    return options


def is_table_of_options(value: object) -> bool:
    """Whether it changes options of a component, rather than replacing the component."""
    return isinstance(value, Mapping) and not set(value) & set(TAGS)
