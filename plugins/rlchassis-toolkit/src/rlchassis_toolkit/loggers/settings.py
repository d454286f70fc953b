"""Configurations as services show them: one value per name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def settings_by_path(configuration: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Values of nested data, each with the names that lead to it, joined by dots; a list is one value."""
    for name, value in configuration.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            yield from settings_by_path(value, here)
        else:
            yield here, value
