"""Schema of the tables of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rlchassis.registry.kinds import KINDS
from rlchassis.registry.wording import did_you_mean, listed, quoted

SPACES = ("Box", "Dict", "Discrete", "Graph", "MultiBinary", "MultiDiscrete", "OneOf", "Sequence", "Text", "Tuple")
POLICIES = ("on", "off")

_REQUIRED = {"algorithm": ("summary", "observation_spaces", "action_spaces", "policy")}
_WITH_SPACES = ("needs", "observation_spaces", "action_spaces")
_OPTIONAL = {
    "algorithm": ("needs", "action_masks"),
    "command": ("after_train",),
    "policy_wrapper": _WITH_SPACES,
    "buffer": _WITH_SPACES,
}


class ManifestError(ValueError):
    """Invalid manifest; the message is one sentence."""


def checked_table(kind: str, table: object) -> dict[str, Mapping[str, Any]]:
    """Validate the table of a kind; returns the facts of each name, under the names of Plugin's fields."""
    if kind not in KINDS:
        raise ManifestError(f"it has an unknown key {quoted(kind)}.{did_you_mean(kind, KINDS) or f' The kinds are {listed(KINDS)}.'}")
    if not isinstance(table, dict):
        raise ManifestError(f"{kind} must be a table like [{kind}.name], not {table!r}")
    return {name: _checked_facts(kind, name, facts) for name, facts in table.items()}


def _checked_facts(kind: str, name: str, facts: object) -> Mapping[str, Any]:
    where = f"[{kind}.{name}]"
    if not isinstance(facts, dict):
        raise ManifestError(f"{where} must be a table, not {facts!r}")
    required = _REQUIRED.get(kind, ("summary",))
    known = (*required, *_OPTIONAL.get(kind, ("needs",)))
    for key in facts.keys() - set(known):
        hint = _dotted_name_hint(kind, name, key, facts[key]) or did_you_mean(key, known) or f" It may say {listed(known)}."
        raise ManifestError(f"{where} has an unknown key {quoted(key)}.{hint}")
    if missing := [key for key in required if key not in facts]:
        raise ManifestError(f"{where} must also say {listed(missing)}")
    return {key: _READERS.get(key, _spaces)(f"{key} in {where}", value) for key, value in facts.items()}


def _dotted_name_hint(kind: str, name: str, key: str, value: object) -> str:
    """TOML reads [kind.vendor.name] as a table within a table."""
    return f' A name with a dot needs quotes: [{kind}."{name}.{key}"].' if isinstance(value, dict) else ""


def _summary(where: str, value: object) -> str:
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise ManifestError(f"{where} must be one line of text, not {value!r}")


def _policy(where: str, value: object) -> str:
    if value in POLICIES:
        return str(value)
    raise ManifestError(f'{where} must be "on" or "off", not {value!r}')


def _spaces(where: str, value: object) -> tuple[str, ...]:
    spaces = _names(where, value)
    for space in spaces:
        if space not in SPACES:
            raise ManifestError(f"{where} names an unknown space {quoted(space)}.{did_you_mean(space, SPACES)}")
    return spaces


def _needs(where: str, value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ManifestError(f"{where} must be a table of kinds, not {value!r}")
    for kind in value:
        if kind not in KINDS:
            raise ManifestError(f"{where} names an unknown kind {quoted(kind)}.{did_you_mean(kind, KINDS)}")
    return {kind: _names(f"{kind} of {where}", names) for kind, names in value.items()}


def _names(where: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise ManifestError(f"{where} must be a list of names, not {value!r}")


def _switch(where: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ManifestError(f"{where} must be true or false, not {value!r}")


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "summary": _summary,
    "policy": _policy,
    "needs": _needs,
    "action_masks": _switch,
    "after_train": _switch,
}
"""Readers of all keys except those that list spaces."""
