"""The learning curve of one run: returns of training episodes, and of test episodes with their spread."""

from __future__ import annotations

from collections.abc import Mapping

from rlchassis.api import StoredFileError
from rlchassis_plots.aggregate import Stretch, curve
from rlchassis_plots.groups import Group, Panel
from rlchassis_plots.labels import titles
from rlchassis_plots.runs import Run

TRAINING, TESTS = "train/return", "test/return"
LIMITED = "± one standard deviation of the test episodes, within their lowest and highest return"
UNLIMITED = "± one standard deviation of the test episodes, which may exceed what is possible"


def panel_of_one(run: Run, smooth: int = 1) -> Panel:
    """Its panel; StoredFileError if it has no return."""
    groups = [group for group in (_training(run, smooth), _tests(run, smooth)) if group.curves[0].steps.size]
    if not groups:
        raise StoredFileError(f"{run.directory} holds no return yet; plot it once an episode of it has ended.")
    return Panel(titles([run])[0], groups)


def band_of(run: Run) -> str | None:
    """Description of the band for the caption; None without a band."""
    tests = [row for row in run.rows if row.get(TESTS) is not None]
    if not any(row.get("test/return_std") is not None for row in tests):
        return None
    return LIMITED if all(row.get(f"test/return_{end}") is not None for row in tests for end in ("min", "max")) else UNLIMITED


def _training(run: Run, smooth: int) -> Group:
    own = curve(run.rows, TRAINING, smooth)
    return Group("training episodes", TRAINING, [run], [own], [Stretch(own.steps, own.values)], background=True)


def _tests(run: Run, smooth: int) -> Group:
    own = curve(run.rows, TESTS, smooth)
    rows = [{**row, "low": _end(row, -1), "high": _end(row, 1)} for row in run.rows if row.get(TESTS) is not None]
    low, high = (curve(rows, end, smooth).values if band_of(run) else None for end in ("low", "high"))
    return Group("test episodes", TESTS, [run], [own], [Stretch(own.steps, own.values, low, high)])


def _end(row: Mapping[str, float], sign: int) -> float:
    """Mean ± one standard deviation of a test, within the lowest and highest return of its episodes if these are stored."""
    end = row[TESTS] + sign * (row.get("test/return_std") or 0.0)
    limit = row.get("test/return_min" if sign < 0 else "test/return_max")
    if limit is None:
        return end
    return max(end, limit) if sign < 0 else min(end, limit)
