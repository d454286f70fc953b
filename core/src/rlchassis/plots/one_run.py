"""The learning curve of one run: returns of training, and of tests with the spread of their episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlchassis.loggers import read_metrics, series
from rlchassis.plots.canvas import blank, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEARNING_CURVE_FILENAME = "learning_curve.png"


def draw_learning_curve(directory: Path, path: Path | None = None) -> Path:
    """Write the picture of a run directory's metrics to a path, or as learning_curve.png into the directory itself."""
    rows = read_metrics(directory)
    figure, axes = blank(directory.resolve().name, "undiscounted return")
    _draw_training(axes, rows)
    _draw_tests(axes, rows)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    path = path or directory / LEARNING_CURVE_FILENAME
    save(figure, path)
    return path


def _draw_training(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    steps, returns = series(rows, "train/return")
    if steps:
        axes.plot(steps, returns, color="tab:gray", alpha=0.6, linewidth=1, label="training episodes")


def _draw_tests(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    steps, means = series(rows, "test/return")
    if not steps:
        return
    spreads = [row.get("test/return_std") or 0.0 for row in rows if row.get("test/return") is not None]
    low, high = ([mean + sign * spread for mean, spread in zip(means, spreads, strict=True)] for sign in (-1, 1))
    axes.plot(steps, means, color="tab:blue", marker="o", markersize=3, label="test")
    axes.fill_between(steps, low, high, color="tab:blue", alpha=0.2, linewidth=0, label="± one standard deviation")
