"""What is put into a run directory for others to trip over: links at the names of temporary files, modules, files of tools."""

from __future__ import annotations

import os
from pathlib import Path

PICTURE = "learning_curve.png"
MODULES = ("torch", "gymnasium", "rlchassis", "matplotlib", "sitecustomize", "conftest", "__init__", "__main__", "planted_module")
TOOLS = ("a.pth", "rlchassis.egg-link", "setup.cfg", "pyproject.toml", "matplotlibrc", ".netrc", "numpy.pth")


def _code(victim: Path) -> str:
    return f"open({str(victim.with_name('planted'))!r}, 'w').close()\n"


def modules(directory: Path, victim: Path) -> None:
    for name in MODULES:
        (directory / f"{name}.py").write_text(_code(victim), "utf-8")


def tools(directory: Path, victim: Path) -> None:
    for name in TOOLS:
        (directory / name).write_text(f"import os; {_code(victim)}", "utf-8")


def temporary_names(directory: Path, victim: Path) -> None:
    for name in (PICTURE, "experiment.json", "policy.pt", "metrics.jsonl", "provenance.json"):
        for token in (*range(os.getpid() - 5, os.getpid() + 50), "tmp", "0"):
            (directory / f".{name}.{token}.new").symlink_to(victim)


def a_link_for_the_picture(directory: Path, victim: Path) -> None:
    (directory / PICTURE).symlink_to(victim)


def a_hard_link_for_the_picture(directory: Path, victim: Path) -> None:
    os.link(victim, directory / PICTURE)


def a_folder_within_itself(directory: Path, victim: Path) -> None:
    (directory / "again").symlink_to(directory)


def folders_200_deep(directory: Path, victim: Path) -> None:
    Path(directory, *["d"] * 200).mkdir(parents=True)


def leftovers(directory: Path, victim: Path) -> None:
    for i in range(2000):
        (directory / f".policy.pt.{i:016x}.new").touch()


def a_distribution(directory: Path, victim: Path) -> None:
    info = directory / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[rlchassis.algorithm]\nppo = planted_module:Builder\n", "utf-8")


TRAPS = (
    modules,
    tools,
    temporary_names,
    a_link_for_the_picture,
    a_hard_link_for_the_picture,
    a_folder_within_itself,
    folders_200_deep,
    leftovers,
    a_distribution,
)
