"""Runs grouped into curves by configuration or label, and curves into panels by environment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import attrs
from attrs import frozen

from rlchassis.api import StoredFileError, UsageError
from rlchassis_plots.aggregate import Curve, Stretch, aggregate, curve
from rlchassis_plots.labels import labels, titles
from rlchassis_plots.runs import Run

log = logging.getLogger(__name__)
T = TypeVar("T")
EPISODES = {"test": "test episodes", "train": "training episodes"}
RETURN = "return"
"""The metric of episodes that is drawn unless another is asked for."""


@frozen(eq=False)
class Group:
    """The runs of one curve."""

    label: str
    tag: str
    """The metric that is drawn."""
    runs: Sequence[Run]
    curves: Sequence[Curve]
    stretches: Sequence[Stretch]
    background: bool = False
    """Whether it is drawn without a colour of its own."""


@frozen(eq=False)
class Panel:
    """The curves of one environment."""

    title: str
    groups: Sequence[Group]


def panels(runs: Sequence[Run], smooth: int = 1, iqm: bool = False, metric: str = RETURN) -> list[Panel]:
    """A panel per environment, in it a group per configuration or given label; StoredFileError if no run has the metric."""
    shown = [_with_metric(alike, metric) for alike in gathered(runs, lambda run: _key(run.environment))]
    grouped = [(tag, gathered(kept, lambda run: run.label or _key(run.configuration))) for tag, kept in shown if kept]
    if not grouped:
        raise StoredFileError(
            f"none of these runs holds {a(metric)} yet; plot them once an episode of one has ended.{others(runs, metric)}"
        )
    several = len({group[0].algorithm for _, groups in grouped for group in groups}) > 1
    environments = titles([groups[0][0] for _, groups in grouped])
    return [
        Panel(title, [_group(label, tag, alike, smooth, iqm) for label, alike in zip(labels(groups, several), groups, strict=True)])
        for title, (tag, groups) in zip(environments, grouped, strict=True)
    ]


def gathered(items: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Items grouped by key, in the order in which the first of each key came."""
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def relabelled(drawn: Sequence[Panel], given: Sequence[str], folders: int) -> list[Panel]:
    """The panels with the given labels in the order of the legend; UsageError where their number is wrong or two are equal."""
    old = list(dict.fromkeys(group.label for panel in drawn for group in panel.groups))
    if len(given) != len(old):
        counts = " or ".join(dict.fromkeys(f"{count}" for count in (folders, len(old))))
        raise UsageError(f"expected {counts} labels, one per directory or one per line of the legend, got {len(given)}.")
    if len(set(given)) < len(given):
        raise UsageError("expected a label of its own for each line of the legend, got one twice.")
    new = dict(zip(old, given, strict=True))
    return [attrs.evolve(panel, groups=[attrs.evolve(group, label=new[group.label]) for group in panel.groups]) for panel in drawn]


def require_one_configuration(runs: Sequence[Run]) -> None:
    """UsageError where runs that get one label are of several configurations in one environment."""
    for alike in gathered(runs, lambda run: _key(run.environment)):
        configurations = gathered(alike, lambda run: _key(run.configuration))
        if len(configurations) > 1:
            examples = " and ".join(group[0].directory.name for group in configurations[:2])
            raise UsageError(
                f"the label {alike[0].label!r} is given to {len(configurations)} configurations on {alike[0].task} "
                f"({examples}); name the directory of each with a label of its own."
            )


def a(metric: str) -> str:
    """The metric with an article, for messages."""
    return "a return" if metric == RETURN else f"the metric {metric}"


def others(runs: Sequence[Run], metric: str) -> str:
    """The metrics of episodes that runs have, for messages where they lack another one; nothing for returns."""
    tags = {tag for run in runs for row in run.rows for tag in row if tag.partition("/")[0] in EPISODES}
    names = sorted({tag.partition("/")[2] for tag in tags})
    return f" Their metrics are {', '.join(names)}." if names and metric != RETURN else ""


def _with_metric(runs: Sequence[Run], metric: str) -> tuple[str, list[Run]]:
    """The tag to compare these runs by, of tests if one has any, and those that have it."""
    episodes = {f"{kind}/{metric}": name for kind, name in EPISODES.items()}
    tags = [tag for tag in episodes if any(curve(run.rows, tag).steps.size for run in runs)]
    tag = next(iter(tags), next(iter(episodes)))
    kept = [run for run in runs if curve(run.rows, tag).steps.size]
    for run in runs:
        if run not in kept:
            log.warning("%s holds no %s of %s yet and is left out.", run.directory, metric, episodes[tag])
    unstored = sorted(
        {value for run in kept for key, value in (run.environment | run.configuration).items() if key.endswith(".unstorable")}
    )
    if unstored and len(kept) > 1:
        log.warning("%s is not stored; whether it is the same in all of these runs is not known.", ", ".join(unstored))
    return tag, kept


def _group(label: str, tag: str, runs: Sequence[Run], smooth: int, iqm: bool) -> Group:
    curves = [curve(run.rows, tag, smooth) for run in runs]
    return Group(label, tag, runs, curves, aggregate(curves, iqm))


def _key(settings: dict[str, str]) -> Hashable:
    return tuple(sorted(settings.items()))
