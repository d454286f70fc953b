"""rlchassis: plugin-based reinforcement learning; algorithms are plugins. Names are imported lazily."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlchassis.experiment import (
        Experiment,
        ExperimentBuilder,
        ExperimentCollection,
        ExperimentConfig,
        ExperimentResult,
        SamplingConfig,
        evaluate,
        load_policy,
        train,
    )

__all__ = [
    "Experiment",
    "ExperimentBuilder",
    "ExperimentCollection",
    "ExperimentConfig",
    "ExperimentResult",
    "SamplingConfig",
    "evaluate",
    "load_policy",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("rlchassis.experiment"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
