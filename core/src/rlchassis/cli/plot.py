"""`rlchassis plot`: the learning curves of runs as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import say
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.loggers import read_metrics, series
from rlchassis.plots import LEARNING_CURVE_FILENAME, draw_learning_curve, draw_learning_curves
from rlchassis.plots.groups import run_directories
from rlchassis.plots.several_runs import RETURNS

FORMATS = (".png", ".svg", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be told to `plot`."""
    add = parser.add_argument
    add("directories", nargs="+", type=Path, metavar="DIR", help="a run directory, or a folder of some")
    add(
        "--out", type=Path, metavar="FILE.png", help="the picture; default learning_curve.png, of one run in its directory, of several here"
    )
    add("--debug", action="store_true", help="show where a failure arose")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Draw one run with its training and tests, or several with one line per recipe."""
    directories = run_directories(arguments.directories)
    path = arguments.out or (directories[0] if len(directories) == 1 else Path()) / LEARNING_CURVE_FILENAME
    _require_a_place(path)
    with messages_on_stderr():
        try:
            drawn = _one_run(directories[0], path) if len(directories) == 1 else draw_learning_curves(directories, path)
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}); choose another place with --out.") from error
    say(f"learning curve: {drawn}")
    return 0


def _one_run(directory: Path, path: Path) -> Path:
    rows = read_metrics(directory)
    if not any(series(rows, tag)[0] for tag in RETURNS):
        raise StoredFileError(f"{directory} holds no return yet; wait until an episode of it has ended.")
    return draw_learning_curve(directory, path)


def _require_a_place(path: Path) -> None:
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"a picture cannot be written as {path.name!r}; let its name end with one of {', '.join(FORMATS)}.")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"there is no place for a file {path}; name one in a directory that exists.")
