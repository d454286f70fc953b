"""provenance.json: with what a run was made, written before it trains; and what a restored run lacks today."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import torch

from rlchassis.errors import StoredFileError
from rlchassis.registry import PLUGIN_API, Used, provenance, used_in
from rlchassis.storage.files import PROVENANCE_FILENAME
from rlchassis.storage.reading import read_json

LIBRARIES = ("torch", "numpy", "gymnasium", "rlchassis-core")


def describe_run(used: Iterable[tuple[str, str]], *, seed: int, device: str) -> dict[str, Any]:
    """Versions, plugins (used or not), arguments and machine of this process, as plain data."""
    plugins = provenance(used)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "plugin_api": ".".join(map(str, PLUGIN_API)),
        "argv": sys.argv,
        "seed": seed,
        "device": device,
        "threads": torch.get_num_threads(),
        "plugins": plugins,
        "git": {name: state for name in sorted({row["distribution"] for row in plugins}) if (state := _git_state(name))},
    }


def used_by(directory: str | Path) -> Used:
    """The plugins that the run in a directory, or that of a file in it, used; none where its provenance does not tell."""
    path = Path(directory)
    try:
        data = read_json((path if path.is_dir() else path.parent) / PROVENANCE_FILENAME)
    except StoredFileError:
        return frozenset()
    return used_in(data.get("plugins")) if isinstance(data, dict) else frozenset()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git_state(name: str) -> dict[str, Any] | None:
    """Commit of an editable install, and whether its files differ from it; None for others and where git does not answer."""
    try:
        folder = _editable_folder(distribution(name).read_text("direct_url.json"))
        if folder is None:
            return None
        return {"commit": _git(folder, "rev-parse", "HEAD"), "changed": bool(_git(folder, "status", "--porcelain", "--", "."))}
    except (PackageNotFoundError, OSError, subprocess.SubprocessError):
        return None


def _editable_folder(direct_url: str | None) -> Path | None:
    origin = json.loads(direct_url) if direct_url else {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(origin["url"]).path))


def _git(folder: Path, *arguments: str) -> str:
    asked = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return asked.stdout.strip()
