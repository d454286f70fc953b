"""Pictures of runs, drawn from their metrics without a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlchassis.loggers import read_metrics, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEARNING_CURVE_FILENAME = "learning_curve.png"


def draw_learning_curve(directory: Path) -> Path:
    """Write learning_curve.png into a run directory: returns of training, and of tests with the spread of their episodes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_metrics(directory)
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_training(axes, rows)
    _draw_tests(axes, rows)
    axes.set(title=directory.name, xlabel="environment steps", ylabel="undiscounted return")
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    path = directory / LEARNING_CURVE_FILENAME
    figure.savefig(path, dpi=120)
    return path


def _draw_training(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    steps, returns = series(rows, "train/return")
    if steps:
        axes.plot(steps, returns, color="tab:gray", alpha=0.6, linewidth=1, label="training episodes")


def _draw_tests(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    steps, means = series(rows, "test/return")
    if not steps:
        return
    spreads = series(rows, "test/return_std")[1]
    low, high = ([mean + sign * spread for mean, spread in zip(means, spreads, strict=True)] for sign in (-1, 1))
    axes.plot(steps, means, color="tab:blue", marker="o", markersize=3, label="test")
    axes.fill_between(steps, low, high, color="tab:blue", alpha=0.2, linewidth=0, label="± one standard deviation")
