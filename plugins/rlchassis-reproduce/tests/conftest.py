"""Fixtures: the command line, and run directories without a run."""

from __future__ import annotations

from rlchassis_testkit.command_line import rlchassis
from rlchassis_testkit.written_runs import write_run

__all__ = ["rlchassis", "write_run"]
