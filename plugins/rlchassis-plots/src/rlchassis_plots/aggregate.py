"""The numbers of a learning curve: smoothing, the mean or interquartile mean of runs and its bootstrap interval. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
CONFIDENCE = 0.95
RESAMPLES = 2000
FEWEST_RUNS = 3
"""Of fewer runs, no interval is computed."""
MOST_POINTS = 500
"""More points than a picture can show."""
CHUNK = 2**21
"""Numbers that are resampled at a time."""


def _floats(values: Sequence[float] | Array) -> Array:
    return np.asarray(values, np.float64)


@frozen(eq=False)
class Curve:
    """A metric of one run over environment steps, which increase strictly."""

    steps: Array = field(converter=_floats)
    values: Array = field(converter=_floats)


@frozen(eq=False)
class Stretch:
    """Steps at which the same runs have data, with their mean or interquartile mean and the interval around it."""

    steps: Array = field(converter=_floats)
    centre: Array = field(converter=_floats)
    low: Array | None = None
    """Lower end of the interval; None where there is none."""
    high: Array | None = None
    runs: int = 1


def curve(rows: Sequence[Mapping[str, float]], tag: str, smooth: int = 1) -> Curve:
    """The metric over steps, a running mean of the last `smooth` points; of rows at one step, the last counts."""
    points = sorted({row["step"]: row[tag] for row in rows if row.get(tag) is not None}.items())
    return Curve([step for step, _ in points], running_mean([value for _, value in points], smooth))


def running_mean(values: Sequence[float] | Array, window: int) -> Array:
    """The mean of the last `window` values at each; at the beginning, of as many as there are."""
    if not len(values):
        return _floats(values)
    window = min(window, len(values))
    return np.convolve(values, np.ones(window))[: len(values)] / np.minimum(np.arange(len(values)) + 1, window)


def aggregate(curves: Sequence[Curve], iqm: bool = False) -> list[Stretch]:
    """Stretches of one shared grid of steps, a new one wherever a run begins or ends.

    A run counts between its own first and last step, interpolated linearly; beyond them nothing is assumed of it.
    """
    grid = shared_grid(curves)
    values = np.array([np.interp(grid, each.steps, each.values, left=np.nan, right=np.nan) for each in curves])
    present = ~np.isnan(values)
    changes = np.flatnonzero((present[:, 1:] != present[:, :-1]).any(axis=0)) + 1
    parts = [(slice(*ends), present[:, ends[0]]) for ends in pairwise([0, *changes.tolist(), len(grid)])]
    return [_stretch(grid[part], values[there, part], iqm) for part, there in parts if there.any()]


def shared_grid(curves: Sequence[Curve]) -> Array:
    """Every step at which one of the curves has a value; where these are too many, evenly spaced ones and all beginnings and ends."""
    steps = np.unique(np.concatenate([each.steps for each in curves]))
    if len(steps) <= MOST_POINTS:
        return steps
    ends = np.concatenate([each.steps[[0, -1]] for each in curves])
    return np.union1d(np.linspace(steps[0], steps[-1], MOST_POINTS), ends)


def _stretch(steps: Array, values: Array, iqm: bool) -> Stretch:
    runs = len(values)
    low, high = bootstrap_interval(values, iqm) if runs >= FEWEST_RUNS else (None, None)
    return Stretch(steps, centre(values, iqm), low, high, runs)


def centre(values: Array, iqm: bool = False) -> Array:
    """Mean over runs of [..., runs, steps]; with iqm the interquartile mean, which leaves out the lowest and highest ⌊runs / 4⌋.

    IQM: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", https://arxiv.org/abs/2108.13264.
    """
    runs = values.shape[-2]
    cut = runs // 4 if iqm else 0
    kept: Array = np.sort(values, axis=-2)[..., cut : runs - cut, :] if cut else values
    return _floats(kept.mean(axis=-2))


def bootstrap_interval(values: Array, iqm: bool = False) -> tuple[Array, Array]:
    """Percentile bootstrap of `centre` over values [runs, steps]: whole runs are drawn with replacement, the same ones at every step."""
    runs, steps = values.shape
    drawn = np.random.default_rng(0).integers(runs, size=(RESAMPLES, runs))
    width = max(1, CHUNK // drawn.size)
    chunks = [centre(values[:, i : i + width][drawn], iqm) for i in range(0, steps, width)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(chunks, axis=1), [tail, 1 - tail], axis=0)
    return low, high
