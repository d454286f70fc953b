"""What is told of training between two rows of metrics: learning's metrics and the episodes that ended, averaged when a row is due."""

from __future__ import annotations

import math
import statistics

import torch
from attrs import define, field
from torch import Tensor

from rlchassis.collector import CollectStats
from rlchassis.experience import Metrics


@define(eq=False)
class Journal:
    """Collects what happened since the last row; tensors stay on their device until then."""

    _learned: dict[str, list[Tensor]] = field(factory=dict, init=False)
    _returns: list[float] = field(factory=list, init=False)
    _lengths: list[int] = field(factory=list, init=False)

    def note_learning(self, metrics: Metrics) -> None:
        """Metrics of one round of learning."""
        for name, value in metrics.items():
            self._learned.setdefault(name, []).append(value)

    def note_collection(self, stats: CollectStats) -> None:
        """Episodes of one collection."""
        self._returns += stats.returns
        self._lengths += stats.lengths

    def row(self) -> dict[str, float]:
        """Means since the last row; FloatingPointError where learning went beyond numbers."""
        learned = {f"learn/{name}": float(torch.stack(values).float().mean()) for name, values in self._learned.items()}
        row = learned | self._episodes()
        self._learned, self._returns, self._lengths = {}, [], []
        for tag, value in learned.items():
            if not math.isfinite(value):
                raise FloatingPointError(f"{tag} became {value}: learning diverged; try a smaller learning rate or a gradient norm limit.")
        return row

    def _episodes(self) -> dict[str, float]:
        if not self._returns:
            return {}
        return {"train/return": statistics.fmean(self._returns), "train/length": statistics.fmean(self._lengths)}
