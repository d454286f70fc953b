"""Which runs belong to one curve, what tells the curves apart, and the mean of several runs. Nothing is drawn here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from rlchassis.errors import StoredFileError
from rlchassis.loggers import METRICS_FILENAME, read_metrics, series
from rlchassis.persistence.stored_recipe import read_settings

Curve: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""Environment steps, and a return at each."""
HEADS = ("algorithm", "env.task")
"""Settings that, where they differ, make most others differ, too."""
STORING = ("persistence_base_dir", "persistence_enabled", "log_file_enabled", "policy_persistence_mode", "num_threads")
WATCHING = ("watch", "watch_num_episodes", "watch_render")
INCONSEQUENTIAL = ("name", "logger_factory", "env.watch_render_mode", *(f"config.{each}" for each in ("seed", *STORING, *WATCHING)))
"""Settings that make no other experiment: the seed, and what only stores, shows or logs."""
MOST_TOLD = 4


@frozen
class Run:
    """One run, read from its directory."""

    directory: Path
    settings: dict[str, Any]
    """All of its recipe."""
    rows: list[dict[str, float]]
    """Its metrics."""

    @property
    def recipe(self) -> dict[str, str]:
        """The settings that make this experiment what it is, as texts."""
        return {key: _shown(value) for key, value in self.settings.items() if not _is_inconsequential(key)}

    def curve(self, tag: str) -> Curve:
        """One of its metrics over environment steps."""
        return series(self.rows, tag)


def run_directories(folders: Iterable[Path]) -> list[Path]:
    """The run directories among these and anywhere within them, each once; StoredFileError for one without any."""
    found: dict[Path, Path] = {}
    for folder in folders:
        here = [folder] if (folder / METRICS_FILENAME).exists() else sorted(file.parent for file in folder.rglob(METRICS_FILENAME))
        if not here:
            raise StoredFileError(f"{folder} is neither the directory of a run nor holds one: there is no {METRICS_FILENAME} in it.")
        found |= {directory.resolve(): directory for directory in here}
    return list(found.values())


def read_run(directory: Path) -> Run:
    """What is drawn of a run; StoredFileError where its files are damaged."""
    return Run(directory, read_settings(directory), read_metrics(directory))


def grouped(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs of one recipe together, whatever their seeds, in the order in which the first of each came."""
    groups: dict[tuple[tuple[str, str], ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(tuple(sorted(run.recipe.items())), []).append(run)
    return list(groups.values())


def labels(groups: Sequence[Sequence[Run]]) -> list[str]:
    """What tells each group from the others: algorithm and environment, then the settings in which those of one such pair differ."""
    recipes = [group[0].recipe for group in groups]
    heads = [tuple(recipe.get(head, "") for head in HEADS) for recipe in recipes]
    texts = []
    for recipe, head in zip(recipes, heads, strict=True):
        alike = [other for other, its_head in zip(recipes, heads, strict=True) if its_head == head]
        told = [value for i, value in enumerate(head) if value and len({each[i] for each in heads}) > 1]
        told += [f"{key}={recipe.get(key, 'absent')}" for key in _differing(alike)]
        more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
        texts.append(", ".join(told[:MOST_TOLD]) + more)
    return [
        text if texts.count(text) == 1 else f"{text} ({group[0].directory.name})".strip() for text, group in zip(texts, groups, strict=True)
    ]


def shared_title(runs: Sequence[Run]) -> str:
    """What all have in common of algorithm and environment."""
    values = [{run.recipe.get(head, "") for run in runs} for head in HEADS]
    return " on ".join(value for each in values if len(each) == 1 for value in each if value)


def mean_and_spread(curves: Sequence[Curve]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Steps, mean and standard deviation over runs, between the first and the last step that all of them have; lines between tests."""
    first, last = max(steps[0] for steps, _ in curves), min(steps[-1] for steps, _ in curves)
    steps = np.array(sorted({step for each, _ in curves for step in each if first <= step <= last}), np.float64)
    values = np.array([np.interp(steps, *curve) for curve in curves])
    return steps, values.mean(axis=0), values.std(axis=0)


def _is_inconsequential(key: str) -> bool:
    return any(f"{key}.".startswith(f"{each}.") for each in INCONSEQUENTIAL)


def _differing(recipes: Sequence[Mapping[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for recipe in recipes for key in recipe)
    return [key for key in keys if len({recipe.get(key) for recipe in recipes}) > 1]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
