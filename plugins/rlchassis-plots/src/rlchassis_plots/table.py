"""The numbers of a picture as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from rlchassis_plots.files import write_file
from rlchassis_plots.groups import Group, Panel
from rlchassis_plots.texts import legible

COLUMNS = ("env", "label", "run", "step", "value", "mean", "low", "high", "runs", "metric")


def write_table(panels: Sequence[Panel], path: Path, iqm: bool = False) -> None:
    """A row per point of each run, then one per step of their mean, called iqm if it is that: with interval and number of runs."""
    names = ["iqm" if name == "mean" and iqm else name for name in COLUMNS]
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(names)
    for panel in panels:
        for group in panel.groups:
            rows.writerows([legible(panel.title), legible(group.label), *row, group.tag] for row in (*_points(group), *_means(group)))
    write_file(path, text.getvalue().encode("utf-8"))


def _points(group: Group) -> Iterator[list[Any]]:
    for run, curve in zip(group.runs, group.curves, strict=True):
        for step, value in zip(curve.steps, curve.values, strict=True):
            yield [legible(str(run.directory)), _number(step), _number(value), "", "", "", ""]


def _means(group: Group) -> Iterator[list[Any]]:
    for stretch in group.stretches:
        for i, step in enumerate(stretch.steps):
            ends = [_number(end[i]) if end is not None else "" for end in (stretch.low, stretch.high)]
            yield ["", _number(step), "", _number(stretch.centre[i]), *ends, stretch.runs]


def _number(value: float) -> str:
    """Steps without a fraction, values with every digit that tells them apart."""
    return f"{value:.0f}" if float(value).is_integer() else repr(float(value))
