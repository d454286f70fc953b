"""The manifest `rlchassis.toml` of a distribution, read without importing its package."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from rlchassis.registry.kinds import PLUGIN_API
from rlchassis.registry.schema import ManifestError, checked_table
from rlchassis.registry.wording import quoted

SCHEMA = 1
Descriptions: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""Facts by (kind, name), under the names of Plugin's fields."""


@dataclass(frozen=True)
class Manifest:
    """Manifest of a distribution: plugin API version and facts about its plugins."""

    api: str
    descriptions: Descriptions = field(default_factory=dict)

    @property
    def is_compatible(self) -> bool:
        """Whether this core supports the manifest's plugin API version."""
        major, minor = _version(self.api)
        return major == PLUGIN_API[0] and minor <= PLUGIN_API[1]

    @property
    def is_ahead(self) -> bool:
        """Whether this core is too old for the manifest."""
        return _version(self.api) > PLUGIN_API


def read_manifest(value: str) -> Manifest:
    """Read the manifest at "package:rlchassis.toml"; raises ManifestError, or an error of reading the file."""
    package, _, filename = (part.strip() for part in value.partition(":"))
    return parse_manifest(_locate(package, filename).read_text("utf-8"))


def parse_manifest(text: str) -> Manifest:
    """Parse and validate a manifest; for an incompatible plugin API only the version is read."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"it is not TOML: {error}") from error
    manifest = Manifest(_api(data.pop("api", None)))
    if not manifest.is_compatible:
        return manifest
    _require_schema(data.pop("schema", None))
    tables = {kind: checked_table(kind, table) for kind, table in data.items()}
    return Manifest(manifest.api, {(kind, name): facts for kind, table in tables.items() for name, facts in table.items()})


def _locate(package: str, filename: str) -> Path:
    if not (re.fullmatch(r"\w+(\.\w+)*", package) and re.fullmatch(r"[\w.-]+", filename)):
        raise ManifestError(f'its entry point must read "package:rlchassis.toml", not {quoted(f"{package}:{filename}")}')
    top, *inner = package.split(".")
    spec = importlib.util.find_spec(top)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder, *inner, filename)).is_file():
            return path
    raise ManifestError(f"there is no {quoted(filename)} in the package {quoted(package)}; install the distribution again")


def _require_schema(schema: object) -> None:
    if schema is True or schema != SCHEMA:
        raise ManifestError(f"schema must be {SCHEMA}, not {schema!r}")


def _api(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", value):
        return value
    raise ManifestError(f'api must be a version like "{PLUGIN_API[0]}.{PLUGIN_API[1]}", not {value!r}')


def _version(api: str) -> tuple[int, ...]:
    return tuple(map(int, api.split(".")))
