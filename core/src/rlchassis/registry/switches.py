"""Which distributions are left out, for triage: by the environment variable RLCHASSIS_PLUGINS, or disabled in this Python environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from rlchassis.registry.wording import canonical, quoted

VARIABLE = "RLCHASSIS_PLUGINS"
"""Names of distributions, with or without rlchassis-, separated by commas; none: no plugin but those of core."""
CORE = "rlchassis-core"


def reason_left_out(distribution: str) -> str | None:
    """Why a distribution takes no part, in a sentence; None if it does."""
    name, asked = canonical(distribution), os.environ.get(VARIABLE)
    if name == CORE:
        return None
    if asked is not None:
        wanted = {canonical(each.strip()) for each in asked.split(",")}
        is_wanted = wanted & {name, name.removeprefix("rlchassis-")}
        return None if is_wanted else f"it is left out by {VARIABLE}={quoted(asked)}; unset it, or name {distribution} in it"
    return f"it is disabled; run `rlchassis plugins enable {distribution}`" if name in disabled() else None


def unknown_names(distributions: Iterable[str]) -> list[str]:
    """Names in the environment variable that no installed distribution has."""
    known = {name for each in map(canonical, distributions) for name in (each, each.removeprefix("rlchassis-"))} | {"none", ""}
    return [name for each in os.environ.get(VARIABLE, "").split(",") if canonical(name := each.strip()) not in known]


def disabled_file() -> Path:
    """The file that names disabled distributions of this Python environment, a line each."""
    return Path(sys.prefix, "etc", "rlchassis", "disabled.txt")


def disabled() -> set[str]:
    """Names of disabled distributions; none where the file cannot be read."""
    try:
        return {canonical(line.strip()) for line in disabled_file().read_text("utf-8").splitlines() if line.strip()}
    except (OSError, ValueError):
        return set()


def write_disabled(names: Iterable[str]) -> None:
    """Replace the file."""
    disabled_file().parent.mkdir(parents=True, exist_ok=True)
    disabled_file().write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")
