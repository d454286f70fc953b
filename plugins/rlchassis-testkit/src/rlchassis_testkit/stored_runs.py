"""Short runs that write a run directory, and distributions installed for the duration of a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from rlchassis.api import ExperimentConfig, SamplingConfig
from rlchassis_testkit.torch_processes import TorchProcess

TINY = SamplingConfig(
    num_epochs=2, step_per_epoch=32, step_per_collect=16, batch_size=8, repeat_per_collect=1, num_train_envs=2, num_test_episodes=2
)


def tiny_config(base: Path, **changes: Any) -> ExperimentConfig:
    """ExperimentConfig that writes below base and does not watch; changes override fields."""
    return attrs.evolve(ExperimentConfig(persistence_base_dir=str(base), watch=False), **changes)


def tiny_sampling(**changes: Any) -> SamplingConfig:
    """SamplingConfig of two epochs of 32 steps on two environments; changes override fields."""
    return attrs.evolve(TINY, **changes)


def listing(*folders: Path) -> dict[str, int]:
    """Files and folders below a path, with modification times."""
    return {str(path): path.lstat().st_mtime_ns for folder in folders for path in [folder, *folder.rglob("*")]}


def rows_of(directory: Path) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl."""
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text("utf-8").splitlines()]


def in_another_process(code: str, *arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Output of a process that begins with torch imported and runs the code; its errors fail the test."""
    strictly = f"import warnings\nwarnings.filterwarnings('error', category=DeprecationWarning, module='rlchassis')\n{code}"
    with TorchProcess.start(strictly, *arguments, cwd=cwd, env=env) as process:
        printed, errors = process.communicate()
    assert process.returncode == 0, errors
    return printed


def write_distribution(folder: Path, name: str, code: str, **entries: str) -> None:
    """Write a distribution into a folder of the import path: one module and its entry points, kind="name = attribute"."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code, "utf-8")
    sections = [f"[rlchassis.{kind}]\n{entry.replace(' = ', f' = {module}:')}\n" for kind, entry in entries.items()]
    write_metadata(folder, name, "\n".join(sections))


def write_metadata(folder: Path, name: str, entry_points: str, version: str = "1.0") -> None:
    """Write the metadata of an installed distribution."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text(entry_points, "utf-8")
