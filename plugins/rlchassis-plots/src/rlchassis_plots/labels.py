"""Titles of panels and labels of the legend: names of environments and algorithms, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlchassis_plots.runs import Run
from rlchassis_plots.texts import shortened

SECTIONS = ("params.", "sampling.", "env.")
"""Sections of settings that need not be named where the rest of the name is unique."""
MOST_SETTINGS, LONGEST_VALUE, LONGEST = 4, 60, 200


def titles(environments: Sequence[Run]) -> list[str]:
    """The name of each run's environment; the settings in which they differ, too, where several have one name."""
    tasks = [run.task for run in environments]
    alike = [[run.environment for run in environments if run.task == task] for task in tasks]
    differing = [
        [text for text in _differences(run.environment, others) if not text.endswith("=absent")]
        for run, others in zip(environments, alike, strict=True)
    ]
    return [shortened(", ".join([task, *more]), LONGEST) for task, more in zip(tasks, differing, strict=True)]


def labels(groups: Sequence[Sequence[Run]], with_algorithm: bool) -> list[str]:
    """The label that was given to each group, or the settings in which those of one algorithm differ, or else the algorithm."""
    configurations = [group[0].configuration for group in groups]
    texts = []
    for (first, *_), configuration in zip(groups, configurations, strict=True):
        alike = [other for other, group in zip(configurations, groups, strict=True) if group[0].algorithm == first.algorithm]
        parts = _differences(configuration, alike)
        more = f" and {len(parts) - MOST_SETTINGS} more" if len(parts) > MOST_SETTINGS else ""
        named = [first.algorithm] if with_algorithm or not parts else []
        texts.append(first.label or shortened(", ".join([*named, *parts[:MOST_SETTINGS]]) + more, LONGEST))
    return [text if texts.count(text) == 1 else f"{text} ({name})" for text, name in zip(texts, _names(groups), strict=True)]


def _differences(configuration: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> list[str]:
    """name=value of the settings that are not the same in all of the others."""
    keys = dict.fromkeys(key for other in others for key in other)
    differing = [key for key in keys if len({other.get(key) for other in others}) > 1]
    short = [next((key.removeprefix(each) for each in SECTIONS if key.startswith(each)), key) for key in differing]
    names = [name if short.count(name) == 1 else key for name, key in zip(short, differing, strict=True)]
    return [f"{name}={shortened(configuration.get(key, 'absent'), LONGEST_VALUE)}" for name, key in zip(names, differing, strict=True)]


def _names(groups: Sequence[Sequence[Run]]) -> list[str]:
    """The directory of each group's first run: its name, or the whole path where one name occurs twice."""
    directories = [group[0].directory for group in groups]
    names = [directory.resolve().name for directory in directories]
    return [name if names.count(name) == 1 else str(each) for name, each in zip(names, directories, strict=True)]
