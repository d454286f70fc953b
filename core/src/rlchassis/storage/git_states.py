"""Git commits of editable installs; git is called once per working tree, since each call is slow."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def git_states(folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """By name: commit of the working tree that contains a folder, and whether files of the folder differ from it.

    Folders outside of working trees are left out, also if git fails.
    """
    trees: dict[Path, dict[str, Path]] = {}
    for name, folder in folders.items():
        resolved = folder.resolve()
        if tree := next((each for each in (resolved, *resolved.parents) if (each / ".git").exists()), None):
            trees.setdefault(tree, {})[name] = resolved
    return {name: state for tree, inner in trees.items() for name, state in _states_in(tree, inner).items()}


def _states_in(tree: Path, folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    try:
        commit = _git(tree, "rev-parse", "HEAD").strip()
        lines = _git(tree, "--literal-pathspecs", "status", "--porcelain", "--no-renames", "-z", "--", *map(str, folders.values()))
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    paths = [tree / line[3:] for line in lines.split("\0") if line]
    return {name: {"commit": commit, "changed": any(_meet(folder, path) for path in paths)} for name, folder in folders.items()}


def _git(tree: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, text=True, check=True, timeout=10).stdout


def _meet(folder: Path, path: Path) -> bool:
    """Whether a path lies in a folder; or the folder in it, since git names of an unknown folder nothing that is within."""
    return path.is_relative_to(folder) or folder.is_relative_to(path)
