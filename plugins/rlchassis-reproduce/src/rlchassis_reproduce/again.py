"""Running the experiment of a run directory again, in a process of its own, and looking at its metrics while it runs."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import define, field

from rlchassis.api import StoredFileError, UsageError, read_metrics
from rlchassis_reproduce.rows import Difference, Row, first_difference

NAME = "again"
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_TO_END = 60.0
BY_SIGNAL = (128 + signal.SIGTERM, -signal.SIGTERM)
"""Exit codes of a run that was asked to end."""


@define(eq=False)
class Again:
    """The same experiment, run into another directory."""

    stored: Path
    folder: Path
    allow: Sequence[str]
    rows: list[Row] = field(factory=list, init=False)
    """Rows of metrics that it has written."""

    @property
    def directory(self) -> Path:
        """Its run directory."""
        return self.folder / NAME

    def run(self, expected: Sequence[Row]) -> Difference | None:
        """Run until a row differs, or all that are expected are there; UsageError if it cannot be run, with what it said."""
        self._write_configuration()
        process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            while process.poll() is None and not self._is_decided(expected):
                time.sleep(SECONDS_BETWEEN_LOOKS)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=SECONDS_TO_END)
        finally:
            process.kill()
        if process.returncode not in (0, *BY_SIGNAL):
            command = shlex.join(["rlchassis", *self._command()[3:]])
            raise UsageError(f"the run cannot be repeated: `{command}` ended with code {process.returncode}: {_last(said)}")
        self._look()
        return first_difference(expected, self.rows)

    def _write_configuration(self) -> None:
        """Write the configuration without its logger, since a service such as W&B would take this for another run."""
        text = (self.stored / "experiment.json").read_text("utf-8")
        self._configuration.write_text(json.dumps(json.loads(text) | {"logger_factory": None}), "utf-8")

    @property
    def _configuration(self) -> Path:
        return self.folder / f"{NAME}.json"

    def _command(self) -> list[str]:
        given = [word for name in self.allow for word in ("--allow", name)]
        place = ["--dir", str(self.folder), "--name", NAME, "--set", "config.watch=false"]
        return [sys.executable, "-m", "rlchassis", "train", "--config", str(self._configuration), *place, *given]

    def _is_decided(self, expected: Sequence[Row]) -> bool:
        self._look()
        return len(self.rows) > len(expected) or first_difference(expected, self.rows) is not None

    def _look(self) -> None:
        try:
            self.rows = read_metrics(self.directory)
        except StoredFileError:  # not begun
            self.rows = []


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."
