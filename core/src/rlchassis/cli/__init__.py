"""The command line `rlchassis`: one file per verb, imported when the verb is typed."""

from __future__ import annotations

from rlchassis.cli.dispatch import main

__all__ = ["main"]
