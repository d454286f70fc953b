"""From run directories to the picture of their learning curves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from rlchassis.api import UsageError
from rlchassis_plots.caption import caption_of, caption_of_one
from rlchassis_plots.groups import RETURN, Panel, panels, relabelled, require_one_configuration
from rlchassis_plots.one_run import panel_of_one
from rlchassis_plots.picture import draw
from rlchassis_plots.runs import read_only_run, read_run
from rlchassis_plots.table import write_table

log = logging.getLogger(__name__)
LEARNING_CURVE_FILENAME = "learning_curve.png"
FEWEST_FOR_IQM = 4


def draw_learning_curve(directory: Path) -> Path:
    """Draw one run into its own directory; StoredFileError if it has no return yet."""
    path = directory / LEARNING_CURVE_FILENAME
    draw_learning_curves([[directory]], path)
    return path


def draw_learning_curves(
    found: Sequence[Sequence[Path]],
    path: Path,
    *,
    labels: Sequence[str] = (),
    smooth: int = 1,
    iqm: bool = False,
    table: Path | None = None,
    metric: str = RETURN,
) -> None:
    """Write the picture, and with `table` its numbers as CSV.

    One run: its training and test episodes. Several: a panel per environment, in it a line per configuration, the mean of its runs or
    with iqm their interquartile mean, with a 95 % bootstrap interval. found: run directories per folder that was named; labels: one
    per folder or one per line; smooth: running mean of so many points; metric: another one than the return that test/ or train/ has,
    such as is_success. UsageError for labels of another number, StoredFileError where
    files are damaged or no run has the metric yet.
    """
    one = sum(map(len, found)) == 1
    drawn, caption = _one(found, labels, smooth, metric) if one else _several(found, labels, smooth, iqm, metric)
    few = sorted({group.label for panel in drawn for group in panel.groups if len(group.runs) < FEWEST_FOR_IQM})
    if iqm and few:
        what = "one run" if one else ", ".join(few)
        log.warning("The interquartile mean of fewer than %d runs is their mean, as of %s here.", FEWEST_FOR_IQM, what)
    draw(drawn, caption, path, metric)
    if table is not None:
        write_table(drawn, table, iqm)


def _one(found: Sequence[Sequence[Path]], labels: Sequence[str], smooth: int, metric: str) -> tuple[list[Panel], str]:
    (directory,) = (directory for each in found for directory in each)
    if len(labels) > 1:
        raise UsageError(f"expected one label for one run, got {len(labels)}.")
    run = read_only_run(directory, *labels)
    return [panel_of_one(run, smooth, metric)], caption_of_one(run, smooth, metric)


def _several(found: Sequence[Sequence[Path]], labels: Sequence[str], smooth: int, iqm: bool, metric: str) -> tuple[list[Panel], str]:
    per_folder = labels if len(labels) == len(found) else [None] * len(found)
    folders = [[read_run(directory, label) for directory in each] for each, label in zip(found, per_folder, strict=True)]
    if len(labels) == len(found):
        for runs in folders:
            require_one_configuration(runs)
    drawn = panels([run for runs in folders for run in runs], smooth, iqm, metric)
    if labels and len(labels) != len(found):
        drawn = relabelled(drawn, labels, len(found))
    return drawn, caption_of(drawn, smooth, iqm)
