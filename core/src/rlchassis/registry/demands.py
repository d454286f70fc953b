"""Checks that the object of an entry point fits its kind, by names of base classes and attributes, without importing those."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from rlchassis.registry.wording import listed

CONTRACTS = {
    "algorithm": "ExperimentBuilder",
    "optimizer": "OptimizerFactory",
    "lr_scheduler": "LRSchedulerFactory",
    "logger": "LoggerFactory",
    "policy_wrapper": "PolicyWrapperFactory",
    "buffer": "BufferFactory",
    "env": "EnvFactory",
}
"""Base class in rlchassis.api of each kind."""
AGENT_CONTRACT = "AgentFactory"
"""Base class of a builder's agent_class."""


def shortfall(kind: str, loaded: Any) -> str | None:
    """What is wrong with the object of a kind, and what to write; None if nothing is."""
    if kind == "extension":
        has_hooks = any(name.startswith("rlchassis_") for name in dir(loaded))
        return None if has_hooks else 'has no hooks; name a module or object with functions "rlchassis_…", marked with @hookimpl'
    if kind == "command":
        missing = [name for name in ("add_arguments", "main") if not callable(getattr(loaded, name, None))]
        return f"lacks {listed(missing)}; a verb is a module with add_arguments(parser) and main(arguments) -> int" if missing else None
    if kind not in CONTRACTS:
        return None if callable(loaded) else f"is {loaded!r}; name something that can be called"
    problem = _not_derived(loaded, CONTRACTS[kind]) or _unfinished(loaded)
    return problem or (agent_class_shortfall(loaded) if kind == "algorithm" else None)


def agent_class_shortfall(builder: type) -> str | None:
    """What is wrong with a builder's agent_class, and what to write; None if nothing is."""
    agent: Any = getattr(builder, "agent_class", None)
    if agent is None:
        return f"has no agent_class; set it to a class derived from rlchassis.api.{AGENT_CONTRACT}"
    problem = _not_derived(agent, AGENT_CONTRACT) or _unfinished(agent) or next(_lacking(agent), None)
    return problem and f"has an agent_class that {problem}"


def _not_derived(loaded: Any, contract: str) -> str | None:
    if not isinstance(loaded, type):
        return f"is {_shown(loaded)}; name a class that derives from rlchassis.api.{contract}"
    is_derived = any(base.__name__ == contract and base.__module__.partition(".")[0] == "rlchassis" for base in loaded.__mro__)
    return None if is_derived else f"does not derive from rlchassis.api.{contract}; write class {loaded.__name__}({contract})"


def _shown(loaded: Any) -> str:
    article = "the function " if inspect.isroutine(loaded) else "an object of " if type(loaded).__module__ != "builtins" else ""
    name = loaded.__name__ if inspect.isroutine(loaded) else type(loaded).__name__ if article else repr(loaded)
    return f"{article}{name}"


def _unfinished(loaded: type) -> str | None:
    missing = sorted(getattr(loaded, "__abstractmethods__", ()))
    return f"lacks {listed(missing)}; define {'it' if len(missing) == 1 else 'them'}" if missing else None


def _lacking(agent: Any) -> Iterator[str]:
    """What an agent_class lacks for attrs or the trainer."""
    if not hasattr(agent, "trainer_class"):
        yield "lacks trainer_class; write trainer_class = OnPolicyTrainer, or OffPolicyTrainer"
    if not hasattr(agent, "default_sampling"):
        yield 'lacks default_sampling; write default_sampling = {"step_per_collect": 2048}, or what else suits it, or {}'
    if unmade := [name for name in _declared(agent) if name not in inspect.signature(agent).parameters]:
        yield f"declares {listed(unmade)} without being made by attrs; write @frozen(kw_only=True) above it"
    parameters = inspect.signature(agent).parameters.values()
    if required := [each.name for each in parameters if each.default is each.empty and each.kind is each.KEYWORD_ONLY]:
        yield f"cannot be made without {listed(required)}; give every field a default"


def _declared(agent: type) -> list[str]:
    """Fields declared in the class itself."""
    return [name for name, annotation in inspect.get_annotations(agent).items() if "ClassVar" not in str(annotation)]
