"""The `rlchassis` command line: one module per command, imported when the command is used."""

from __future__ import annotations

from rlchassis.cli.dispatch import main

__all__ = ["main"]
