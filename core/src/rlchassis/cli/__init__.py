"""The command line `rlchassis`: one file per command, imported when it is typed."""

from __future__ import annotations

from rlchassis.cli.dispatch import main

__all__ = ["main"]
