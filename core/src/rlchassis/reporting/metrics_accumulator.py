"""Metrics between two logged rows: update metrics and finished episodes, averaged when a row is due."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from attrs import define, field
from torch import Tensor

from rlchassis.collecting.episodes import CollectStats, mean, mean_given
from rlchassis.data.experience import Metrics
from rlchassis.errors import DivergenceError, PluginError
from rlchassis.learning.gradients import named
from rlchassis.learning.optimizer import REMEDY


@define(eq=False)
class MetricsAccumulator:
    """Accumulates metrics since the last row; tensors stay on their device until then."""

    _learned: dict[str, list[Tensor]] = field(factory=dict, init=False)
    _returns: list[float] = field(factory=list, init=False)
    _lengths: list[int] = field(factory=list, init=False)
    _infos: dict[str, list[float]] = field(factory=dict, init=False)
    _steps: int = field(default=0, init=False)
    _seconds: float = field(default=0.0, init=False)

    def record_update(self, metrics: Metrics, source: Callable[..., Any]) -> None:
        """Add the metrics of one update; source: the method that returned them. PluginError if they are not scalar tensors."""
        if type(metrics) is not dict:
            raise PluginError(f"{named(source)} returned {type(metrics).__name__}, expected a dict of metrics; return {{}} for none.")
        for name, value in metrics.items():
            values = self._learned.get(name)
            if values is None:  # asked of the first in each row
                _require_scalar(name, value, source)
                values = self._learned[name] = []
            values.append(value)

    def record_collection(self, stats: CollectStats) -> None:
        """Add the episodes of one collection."""
        self._returns += stats.returns
        self._lengths += stats.lengths
        for key, numbers in stats.infos.items():
            self._infos.setdefault(key, []).extend(numbers)

    def record_time(self, num_steps: int, seconds: float) -> None:
        """Add environment steps and the seconds of their collection and updates."""
        self._steps += num_steps
        self._seconds += seconds

    def row(self) -> dict[str, float]:
        """Means since the last row, with steps per second if the row is not empty."""
        row = {f"learn/{name}": _mean(name, values) for name, values in self._learned.items()} | self._episodes()
        if row and self._seconds:
            row["time/steps_per_second"] = self._steps / self._seconds
            self._steps, self._seconds = 0, 0.0
        self._learned, self._returns, self._lengths, self._infos = {}, [], [], {}
        return row

    def _episodes(self) -> dict[str, float]:
        if not self._returns:
            return {}
        infos = {f"train/{key}": mean_given(numbers) for key, numbers in self._infos.items()}
        return {"train/return": mean(self._returns), "train/length": mean(self._lengths), **infos}


def require_finite(row: dict[str, float]) -> None:
    """DivergenceError with the first non-finite metric of learn/."""
    for tag, value in row.items():
        if tag.startswith("learn/") and not math.isfinite(value):
            raise DivergenceError(f"{tag} became {value}: learning diverged; {REMEDY}.")


def _require_scalar(name: str, value: Any, source: Callable[..., Any]) -> None:
    if not isinstance(value, Tensor):
        got, remedy = type(value).__name__, "write torch.tensor(value) for a number"
    elif value.numel() != 1:
        got, remedy = f"a tensor of shape {list(value.shape)}", "write value.mean()"
    else:
        return
    raise PluginError(f"metric {name!r} of {named(source)} is {got}, expected a scalar tensor; {remedy}.")


def _mean(name: str, values: list[Tensor]) -> float:
    try:
        return float(torch.stack(values).float().mean())
    except (TypeError, RuntimeError) as error:
        raise PluginError(f"metric {name!r} was not a scalar tensor in every update ({error}); return it in one shape.") from error
