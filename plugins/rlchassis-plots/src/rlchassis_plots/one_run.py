"""The learning curve of one run: returns of training episodes, and of test episodes with their spread."""

from __future__ import annotations

from collections.abc import Mapping

from rlchassis.api import StoredFileError
from rlchassis_plots.aggregate import Stretch, curve
from rlchassis_plots.groups import EPISODES, RETURN, Group, Panel, a, others
from rlchassis_plots.labels import titles
from rlchassis_plots.runs import Run

TESTS = "test/return"
LIMITED = "± one standard deviation of the test episodes, within their lowest and highest return"
UNLIMITED = "± one standard deviation of the test episodes, which may exceed what is possible"


def panel_of_one(run: Run, smooth: int = 1, metric: str = RETURN) -> Panel:
    """Its panel; StoredFileError if it does not have the metric."""
    tests = _tests(run, smooth) if metric == RETURN else _plain(run, f"test/{metric}", smooth)
    groups = [group for group in (_plain(run, f"train/{metric}", smooth), tests) if group.curves[0].steps.size]
    if not groups:
        lacks = "holds no return yet" if metric == RETURN else f"does not hold {a(metric)} yet"
        raise StoredFileError(f"{run.directory} {lacks}; plot it once an episode of it has ended.{others([run], metric)}")
    return Panel(titles([run])[0], groups)


def band_of(run: Run) -> str | None:
    """Description of the band for the caption; None without a band."""
    tests = [row for row in run.rows if row.get(TESTS) is not None]
    if not any(row.get("test/return_std") is not None for row in tests):
        return None
    return LIMITED if all(row.get(f"test/return_{end}") is not None for row in tests for end in ("min", "max")) else UNLIMITED


def _plain(run: Run, tag: str, smooth: int) -> Group:
    """A metric without a band; that of training is in the background."""
    own, kind = curve(run.rows, tag, smooth), tag.partition("/")[0]
    return Group(EPISODES[kind], tag, [run], [own], [Stretch(own.steps, own.values)], background=kind == "train")


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
