"""A recipe in one line: what it sets otherwise than the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rlchassis.experiment import ExperimentConfig, SamplingConfig


def told(name: str, recipe: Mapping[str, Any], agent: object) -> str:
    """The sentence that `train` opens with."""
    if not recipe:
        return "using no recipe"
    defaults = {"sampling": SamplingConfig(), "config": ExperimentConfig()}
    changes = [f"{key}={_shown(value)}" for key, value in _leaves(recipe) if _default(key, defaults, agent) != value]
    return f"using recipe {name}: {', '.join(changes)}"


def _leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _default(key: str, sections: Mapping[str, object], agent: object) -> Any:
    first, *rest = key.split(".")
    found = sections.get(first) or getattr(agent, first, None)
    for name in rest:
        found = getattr(found, name, None)
    return list(found) if isinstance(found, tuple) else found


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
