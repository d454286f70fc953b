"""The learning curves of several runs in one picture: one line per recipe, the mean of its runs with their spread."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlchassis.errors import StoredFileError
from rlchassis.plots.canvas import blank, save
from rlchassis.plots.groups import Curve, Run, grouped, labels, mean_and_spread, read_run, shared_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

log = logging.getLogger(__name__)
RETURNS = {"test/return": "undiscounted return of tests", "train/return": "undiscounted return while training"}
COLOURS = 10
STYLES = ("-", "--", ":", "-.")


def draw_learning_curves(directories: Sequence[Path], path: Path) -> Path:
    """Write the picture: returns of tests, or of training where no run was tested; runs that differ only in their seeds share a line."""
    runs = [read_run(directory) for directory in directories]
    tag = next((tag for tag in RETURNS if any(run.curve(tag)[0] for run in runs)), None)
    if tag is None:
        raise StoredFileError("none of these runs holds a return yet; wait until one has been tested.")
    for run in runs:
        if not run.curve(tag)[0]:
            log.warning("%s holds no %s, and is left out.", run.directory, RETURNS[tag])
    shown = [run for run in runs if run.curve(tag)[0]]
    groups = grouped(shown)
    spread = ", mean ± standard deviation of runs" if len(shown) > len(groups) else ""
    figure, axes = blank(shared_title(shown), f"{RETURNS[tag]}{spread}")
    for i, (group, label) in enumerate(zip(groups, labels(groups), strict=True)):
        _draw(axes, [run.curve(tag) for run in group], f"C{i % COLOURS}", STYLES[i // COLOURS % len(STYLES)], _counted(label, group))
    for text in figure.legend(loc="outside lower center", frameon=False).get_texts():
        text.set_parse_math(False)
    save(figure, path)
    return path


def _draw(axes: Axes, curves: Sequence[Curve], colour: str, style: str, label: str) -> None:
    if len(curves) == 1:
        axes.plot(*curves[0], color=colour, linestyle=style, label=label)
        return
    for curve in curves:
        axes.plot(*curve, color=colour, linewidth=0.6, alpha=0.35)
    steps, mean, spread = mean_and_spread(curves)
    axes.plot(steps, mean, color=colour, linestyle=style, linewidth=2, label=label)
    axes.fill_between(steps, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)


def _counted(label: str, group: Sequence[Run]) -> str:
    runs = "one run" if len(group) == 1 else f"{len(group)} runs"
    return f"{label} ({runs})" if label else runs
