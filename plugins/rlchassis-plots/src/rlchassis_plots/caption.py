"""The caption of a picture: algorithm, metric, mean or interquartile mean, interval and smoothing."""

from __future__ import annotations

from collections.abc import Sequence

from rlchassis_plots.aggregate import CONFIDENCE, FEWEST_RUNS
from rlchassis_plots.groups import EPISODES, RETURN, Group, Panel
from rlchassis_plots.one_run import band_of
from rlchassis_plots.runs import Run


def caption_of(panels: Sequence[Panel], smooth: int, iqm: bool) -> str:
    """Caption of several runs; it begins with the algorithm, unless the labels name it."""
    groups = [group for panel in panels for group in panel.groups]
    algorithms = {run.algorithm for group in groups for run in group.runs}
    named = any(run.label or run.algorithm in group.label for group in groups for run in group.runs)
    head = "" if named or len(algorithms) > 1 else f"{algorithms.pop()}: "
    facts = [_returns(panels), *_lines(groups, iqm), *smoothing(smooth)]
    text = head + "; ".join(facts)
    return f"{text[0].upper() if not head else text[0]}{text[1:]}."


def caption_of_one(run: Run, smooth: int, metric: str = RETURN) -> str:
    """Caption of one run."""
    name = run.label or ", ".join(filter(None, [run.algorithm, run.directory.resolve().name]))
    band = band_of(run) if metric == RETURN else None
    facts = [f"{in_words(metric)}s" if metric == RETURN else in_words(metric), *([f"band: {band}"] if band else []), *smoothing(smooth)]
    return f"{name}: {'; '.join(facts)}."


def in_words(metric: str) -> str:
    """The metric, as a caption has it."""
    return "undiscounted return" if metric == RETURN else metric


def smoothing(smooth: int) -> list[str]:
    """The running mean in words; empty without smoothing."""
    return [f"running mean of the last {smooth} points"] if smooth > 1 else []


def _returns(panels: Sequence[Panel]) -> str:
    """Which episodes the metric is of; panels that differ from the first are named."""
    metric = panels[0].groups[0].tag.partition("/")[2]
    tags = {kind: [panel.title for panel in panels if panel.groups[0].tag == f"{kind}/{metric}"] for kind in EPISODES}
    (first, _), *others = [(EPISODES[kind], titles) for kind, titles in tags.items() if titles]
    return f"{in_words(metric)} of {first}" + "".join(f" (of {what} on {', '.join(titles)})" for what, titles in others)


def _lines(groups: Sequence[Group], iqm: bool) -> list[str]:
    centre = "interquartile mean (IQM)" if iqm else "mean"
    counts = {len(group.curves) for group in groups}
    facts = []
    if max(counts) > 1:
        interval = f" with its {CONFIDENCE * 100:g} % bootstrap confidence interval" if max(counts) >= FEWEST_RUNS else ""
        facts.append(f"{centre} of runs{interval}")
    if any(1 < count < FEWEST_RUNS for count in counts):
        facts.append("thin: the runs themselves, where they are two")
    if any(stretch.runs < len(group.curves) >= FEWEST_RUNS for group in groups for stretch in group.stretches):
        facts.append("faint: where some runs have no data")
    return facts
