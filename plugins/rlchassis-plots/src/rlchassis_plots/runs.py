"""Finding run directories, and reading the configuration and metrics of each."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.api import StoredFileError, read_metrics, read_settings

log = logging.getLogger(__name__)
METRICS_FILENAME = "metrics.jsonl"
"""What every run directory has."""
STORING = ("persistence_base_dir", "persistence_enabled", "log_file_enabled", "policy_persistence_mode", "num_threads")
WATCHING = ("watch", "watch_num_episodes", "watch_render")
STEPPING = ("venv_type", "train_render_mode", "test_render_mode", "watch_render_mode", "constructor_timeout", "step_timeout", "make_kwargs")
"""How environments are run and shown; make_kwargs is a setting of its own only where it is empty."""
INCONSEQUENTIAL = (
    "name",
    "logger_factory",
    *(f"config.{each}" for each in ("seed", "device", *STORING, *WATCHING)),
    *(f"env.{each}" for each in STEPPING),
)
"""Settings that make no other experiment: the seed, and where and how it is carried out, stored, shown and logged."""


@frozen
class Run:
    """One run, read from its directory."""

    directory: Path
    settings: dict[str, Any]
    """Its whole configuration, by the names that `--set` has."""
    rows: list[dict[str, float]]
    """Its metrics."""
    label: str | None = None
    """What a user calls it; None: what tells its configuration from others."""

    @property
    def configuration(self) -> dict[str, str]:
        """The settings that make this experiment what it is, except for its environment, as texts."""
        return {key: value for key, value in _consequential(self.settings) if key.partition(".")[0] != "env"}

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make its environment; returns in different environments cannot be compared."""
        return {key: value for key, value in _consequential(self.settings) if key.partition(".")[0] == "env"}

    @property
    def algorithm(self) -> str:
        """The name of its algorithm."""
        return str(self.settings.get("algorithm", ""))

    @property
    def task(self) -> str:
        """The name of its environment: what it is registered as, or what makes it."""
        environment = self.environment
        made_by = [value for key, value in environment.items() if key.endswith((".object", ".unstorable"))]
        return next(iter([*filter(None, [environment.get("env.task")]), *made_by, *environment.values(), self.directory.resolve().name]))


def find_runs(folders: Iterable[Path]) -> list[list[Path]]:
    """Per folder, the run directories that it is or that lie anywhere within it, each once; StoredFileError for one without any."""
    seen: set[Path] = set()
    found = []
    for folder in folders:
        here = [folder] if (folder / METRICS_FILENAME).exists() else sorted(file.parent for file in folder.rglob(METRICS_FILENAME))
        if not here:
            raise StoredFileError(f"{folder} is neither the directory of a run nor holds one: there is no {METRICS_FILENAME} in it.")
        found.append([directory for directory in here if directory.resolve() not in seen])
        seen.update(directory.resolve() for directory in here)
    return found


def read_run(directory: Path, label: str | None = None) -> Run:
    """Configuration and metrics of a run; StoredFileError where its files are damaged."""
    return Run(directory, read_settings(directory), read_metrics(directory), label)


def read_only_run(directory: Path, label: str | None = None) -> Run:
    """As read_run, but a configuration that cannot be read is left out: a run alone in its picture is compared with no other."""
    try:
        return read_run(directory, label)
    except StoredFileError as error:
        run = Run(directory, {}, read_metrics(directory), label)
        log.warning("The picture names no environment: %s", error)
        return run


def _consequential(settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if not _is_inconsequential(key):
            yield key, value if isinstance(value, str) else json.dumps(value)


def _is_inconsequential(key: str) -> bool:
    return any(f"{key}.".startswith(f"{each}.") for each in INCONSEQUENTIAL)
