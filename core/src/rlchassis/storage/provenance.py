"""provenance.json: versions, plugins, arguments and machine of a run, written before training."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import torch

from rlchassis.errors import StoredFileError
from rlchassis.registry import PLUGIN_API, Used, provenance, used_in
from rlchassis.storage.files import PROVENANCE_FILENAME
from rlchassis.storage.git_states import git_states
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
        "git": git_states(_editable_folders(sorted({row["distribution"] for row in plugins}))),
    }


def versions() -> dict[str, str | None]:
    """Versions of Python, the system and the libraries, which determine the bits of a run."""
    return {"python": platform.python_version(), "platform": platform.platform(), **{name: _version(name) for name in LIBRARIES}}


def used_by(directory: str | Path) -> Used:
    """Plugins used by the run in a directory, or of a file in it; empty if its provenance is missing or damaged."""
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


def _editable_folders(names: Iterable[str]) -> dict[str, Path]:
    """Source folders of those distributions that are editable installs."""
    found = {}
    for name in names:
        with suppress(PackageNotFoundError, OSError):
            origin = json.loads(distribution(name).read_text("direct_url.json") or "{}")
            if origin.get("dir_info", {}).get("editable"):
                found[name] = Path(unquote(urlsplit(origin["url"]).path))
    return found
