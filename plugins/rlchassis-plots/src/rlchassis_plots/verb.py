"""`rlchassis plot`: the learning curves of runs as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from rlchassis.api import UsageError, say
from rlchassis_plots.learning_curves import LEARNING_CURVE_FILENAME, draw_learning_curve, draw_learning_curves
from rlchassis_plots.paths import typed_path
from rlchassis_plots.runs import find_runs

FORMATS = (".png", ".pdf", ".svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `plot`."""
    add = parser.add_argument
    add("directories", nargs="+", type=typed_path, metavar="DIR", help="a run directory, or a folder that holds some")
    add(
        "--label",
        action="append",
        type=_text,
        default=[],
        metavar="TEXT",
        dest="labels",
        help="legend text; repeat it: one per DIR in their order, or one per line of the legend in its order",
    )
    add("--metric", default="return", metavar="NAME", help="a metric of test/ or train/ in place of the return, such as is_success")
    add("--smooth", type=_points, default=1, metavar="N", help="running mean of the last N points of each run; default 1, none")
    add("--iqm", action="store_true", help="interquartile mean of runs instead of their mean (Agarwal et al. 2021)")
    add("--csv", type=typed_path, metavar="FILE.csv", help="write the numbers that are drawn, too")
    add(
        "--out",
        type=typed_path,
        metavar="FILE",
        help="the picture, as .png, .pdf or .svg; default learning_curve.png, of one run in its directory, of several here",
    )
    add("--debug", action="store_true", help="show where a failure arose")


def main(arguments: argparse.Namespace) -> int:
    """Draw one run with its training and tests, or several with a panel per environment and a line per configuration."""
    found = find_runs(arguments.directories)
    directories = [directory for each in found for directory in each]
    path = arguments.out or (directories[0] if len(directories) == 1 else Path()) / LEARNING_CURVE_FILENAME
    _require_places(path, arguments.csv)
    options = {"smooth": arguments.smooth, "iqm": arguments.iqm, "table": arguments.csv, "metric": arguments.metric}
    draw_learning_curves(found, path, labels=arguments.labels, **options)
    say(f"learning curve: {path}")
    if arguments.csv:
        say(f"numbers: {arguments.csv}")
    return 0


def after_train(directory: Path) -> None:
    """Draw learning_curve.png of the run that `train` has ended."""
    draw_learning_curve(directory)


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a text, got none")
    return text


def _points(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of points from 1 on, got {text!r}")
    return int(text)


def _require_places(picture: Path, table: Path | None) -> None:
    if picture.suffix.lower() not in FORMATS:
        raise UsageError(f"expected a picture whose name ends with one of {', '.join(FORMATS)}, got {picture.name!r}.")
    if table is not None and table.resolve() == picture.resolve():
        raise UsageError(f"--out and --csv are both {table}; name two files.")
    for path in filter(None, (picture, table)):
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(
                f"no file can be written at {path}: it is a directory, or lies in none; name a file in a directory that exists."
            )
