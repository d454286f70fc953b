"""Run and sampling configuration, validated fields, and limits on stored runs. Names are imported lazily."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlchassis.config.experiment_config import ExperimentConfig, Mode
    from rlchassis.config.sampling_config import ResolvedSampling, SamplingConfig, resolve_sampling

__all__ = ["ExperimentConfig", "Mode", "ResolvedSampling", "SamplingConfig", "resolve_sampling"]


def __getattr__(name: str) -> Any:
    for home in ("experiment_config", "sampling_config") if name in __all__ else ():
        if name in vars(module := import_module(f"rlchassis.config.{home}")):
            return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
